"""The pages: participants, hosts, trainers and the operator."""
