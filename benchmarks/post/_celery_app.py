"""The task of Celery, and a program that hands out all mails and waits; runs in the environment of Celery."""

import os
import sys
import time

from celery import Celery, group
from contenders import send_one

app = Celery("mails", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)


@app.task(name="send")
def send(path, number, port):
    send_one(path, number, port)


if __name__ == "__main__":
    path, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    send.delay(path, 0, port).get(timeout=60, propagate=False)  # the worker is there
    before = time.perf_counter()
    group(send.s(path, number, port) for number in range(1, count + 1)).delay().get(timeout=600)
    print(time.perf_counter() - before)
