"""Words that are said on a line."""


def parse(text):
    word, _, rest = text.partition(" ")
    if word == "resume":
        return ("resume", rest)
    if word == "say":
        return ("say", rest)
    if word == "end":
        return ("end", "")
    if word == "hold":
        return ("hold", "")
    raise ValueError(word)
