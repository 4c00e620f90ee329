"""Says a Fibonacci number: one task of the flow as a program of its own."""

import sys


def fibonacci(number: int) -> int:
    return number if number <= 1 else fibonacci(number - 1) + fibonacci(number - 2)


print(fibonacci(int(sys.argv[1])))
