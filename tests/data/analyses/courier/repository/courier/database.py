"""All that a delivery round reads from the database."""

from sqlalchemy import text


def find_round(connection, name):
    query = text("SELECT name, began, ended FROM rounds WHERE name = :name")
    rows = connection.execute(query, {"name": name})
    found = rows.first()
    if found is None:
        raise LookupError(name)
    answer = {"name": found.name, "began": found.began}
    answer["open"] = found.ended is None
    return answer


def list_stops(connection, name, most):
    query = text("SELECT place FROM stops WHERE round = :name")
    rows = connection.execute(query, {"name": name})
    places = []
    for row in rows:
        places.append(row.place)
        if len(places) == most:
            break
    places.reverse()
    return places


def save_all(connection, rounds):
    try:
        for one in rounds:
            connection.execute(text("INSERT INTO rounds (name) VALUES (:name)"), {"name": one})
        connection.commit()
    except ConnectionError:
        connection.rollback()
        raise
