"""Tells other services what became of a deposit."""

import json

from google.cloud import pubsub_v1


class Events:
    def __init__(self, project):
        self.publisher = pubsub_v1.PublisherClient()
        self.project = project

    def tell(self, deposit):
        data = json.dumps({"driver": deposit.driver, "state": deposit.state}).encode()
        self.publisher.publish("tolls.deposits.v1", data)
