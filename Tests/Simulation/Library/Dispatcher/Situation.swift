/// Where a procedure stands when something goes wrong.
enum Situation: Int, CaseIterable {
    case idle, absent, disabled, paused, delayed, retrying, held, windowClosed, locked, running, queued
}
