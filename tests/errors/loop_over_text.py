from hotloop import njit


@njit
def count(text):
    n = 0
    for c in text:
        n += c == "a"
    return n


count("banana")
