"""Writes a program for a kiln."""

HEAD = "kiln 1"


def generate(steps, name):
    lines = [HEAD, f"name {name}"]
    for step in steps:
        if step.pause:
            lines.append("pause")
        lines.append(f"heat {step.heat}")
        lines.append(f"for {step.minutes}")
    text = "\n".join(lines)
    return text
