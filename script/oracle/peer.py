"""The form of the cases and of the answers, for the peers in Python.

A case is a line of six parts between tabs: its number, the zone, the instant after which to search, the last one that
is wanted, how many, and the expression. An answer is a line of three: the number, the instants between spaces, and why
they end there: `count`, `until`, `none` (there are no more, the peer says) or an error.
"""
import sys


def answer(instants):
    for line in sys.stdin:
        number, zone, start, until, count, expression = line.rstrip("\n").split("\t")
        found, end = [], "none"
        try:
            for instant in instants(zone, int(start), expression):
                if instant > int(until):
                    end = "until"
                    break
                found.append(instant)
                if len(found) == int(count):
                    end = "count"
                    break
        except Exception as error:
            end = "error " + " ".join(str(error).split())
        print(number, " ".join(map(str, found)), end, sep="\t")
