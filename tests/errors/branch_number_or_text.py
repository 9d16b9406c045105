from hotloop import njit


@njit
def grade(score):
    if score > 50:
        mark = 1
    else:
        mark = "failed"
    return mark


grade(70)
