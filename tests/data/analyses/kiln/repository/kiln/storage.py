"""Keeps firings, and forgets people who ask for it."""


def store(connection, firing):
    connection.execute("INSERT INTO firings (name) VALUES (%s)", (firing.name,))
    connection.commit()
    return firing.name


def forget(connection, person):
    rows = connection.execute("SELECT name FROM firings WHERE person = %s", (person,))
    names = [row.name for row in rows]
    for name in names:
        connection.execute("DELETE FROM firings WHERE name = %s", (name,))
    connection.commit()
    print(len(names))
    return names
