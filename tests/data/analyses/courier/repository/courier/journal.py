"""Writes into PostgreSQL what became of a shipment."""

import psycopg


class Journal:
    def __init__(self, address):
        self.connection = psycopg.connect(address)

    def record(self, event, shipment, step):
        with self.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO shipment_events (event, shipment, step) VALUES (%s, %s, %s)",
                (event, shipment, step),
            )
        self.connection.commit()

    def route(self, shipment, name):
        with self.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO shipment_routes (shipment, name) VALUES (%s, %s)", (shipment, name)
            )
        self.connection.commit()
