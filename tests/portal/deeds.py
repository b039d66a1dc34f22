"""What an operator does on the pages, for the tests of them."""

from tests.portal.visitor import Page

BASE = "/beheer/2027-voorjaar"


def deed(visitor, path, fields, *, nr=0, sure=True):
    """Send the form of a page, read what it would do, and do it if sure; return the last page."""
    before = Page(visitor.open(path).text).forms[nr]
    shown = visitor.post(before.action or path, before.known | fields)
    if "Dit gebeurt er als je doorgaat" in shown.text:
        assert '<p class="lead choice">' in shown.text, "the page does not say what was chosen"
    if not sure or shown.status_code != 200:
        return shown
    again = Page(shown.text).forms[0]
    done = visitor.post(before.action or path, again.known)
    return visitor.open(done.headers["location"]) if done.status_code == 303 else done
