"""Tells the warehouse by Kafka what became of a shipment."""

import json
import uuid

from kafka import KafkaProducer


class EventPublisher:
    def __init__(self, servers):
        self.producer = KafkaProducer(bootstrap_servers=servers)

    def picked(self, shipment):
        self.publish("courier-picked", shipment, {"step": "picked"})

    def routed(self, shipment, route):
        self.publish("courier-routed", shipment, {"step": "routed", "route": route})

    def publish(self, topic, shipment, body):
        body["event"] = uuid.uuid4()
        body["shipment"] = shipment
        data = self.encode(body)
        try:
            self.producer.send("courier-events", data)
            self.producer.send(topic, data)
        except TimeoutError:
            self.keep(data)
            raise
        self.producer.flush()

    def encode(self, body):
        return json.dumps(body).encode()

    def keep(self, data):
        self.producer.send("courier-dead-letters", data)
