public import Host

/// How an application writes its log: so many lines an hour, so many of them errors. The lines are worked out when
/// they are read, the same ones each time, so that a week of three replicas costs no memory.
public struct LogPattern: Sendable {
    public var linesPerHour: Double
    /// Spread evenly, so that a day holds 24 times as many, give or take one.
    public var errorsPerHour: Double
    /// What the lines tell of: a component of the service.
    public var component: String
    /// A stack trace follows every n-th error; 0 for none.
    public var traceEvery: Int

    public init(linesPerHour: Double = 120, errorsPerHour: Double = 0, component: String, traceEvery: Int = 4) {
        self.linesPerHour = max(linesPerHour, 0.001)
        self.errorsPerHour = min(errorsPerHour, linesPerHour)
        self.component = component
        self.traceEvery = traceEvery
    }
}

/// One line as the container's runtime keeps it.
public struct LogLine: Sendable, Equatable {
    public let at: Instant
    public let text: [UInt8]

    public init(at: Instant, text: [UInt8]) {
        self.at = at
        self.text = text
    }

    public init(at: Instant, _ text: String) { self.init(at: at, text: Array(text.utf8)) }
}

/// The lines of one container from its start on.
struct GeneratedLog: Sendable {
    let pattern: LogPattern
    let seed: UInt64
    let start: Instant

    private var interval: Double { 3600e6 / pattern.linesPerHour }

    /// How many slots have begun at `instant`; the line of a slot may come a little later.
    func slots(before instant: Instant) -> Int {
        let passed = Double(instant.microsecondsSinceEpoch - start.microsecondsSinceEpoch)
        return passed <= 0 ? 0 : Int((passed / interval).rounded(.up))
    }

    func instant(of slot: Int) -> Instant {
        // Within its slot, so that the order stays.
        // A service says at once that it starts.
        if slot == 0 { return start + .milliseconds(50) }
        let jitter = Double(mix(slot, 1) % 1000) / 1000 * 0.9
        return Instant(
            microsecondsSinceEpoch: start.microsecondsSinceEpoch + Int64((Double(slot) + jitter) * interval))
    }

    /// Whether the slot is an error, and which error of the log it is.
    func errorNumber(of slot: Int) -> Int? {
        let share = pattern.errorsPerHour / pattern.linesPerHour
        let phase = Double(seed % 1000) / 1000
        let before = (Double(slot) * share + phase).rounded(.down)
        let after = (Double(slot + 1) * share + phase).rounded(.down)
        return after > before ? Int(before) : nil
    }

    /// One line, or an error with its stack trace.
    func lines(of slot: Int) -> [LogLine] {
        let at = instant(of: slot)
        guard let error = errorNumber(of: slot) else { return [LogLine(at: at, ordinary(slot, at))] }
        let kind = Self.errors[Int(mix(slot, 2) % UInt64(Self.errors.count))]
        let first = LogLine(at: at, "\(at.milliseconds) ERROR [\(pattern.component)] \(kind) trap=\(trap(slot))")
        guard pattern.traceEvery > 0, error % pattern.traceEvery == 0 else { return [first] }
        let trace = [
            "Traceback (most recent call last):",
            "  File \"/app/\(pattern.component)/inspect.py\", line \(40 + mix(slot, 3) % 300), in process",
            "    reading = self.gateway.read(sensor, timeout=5)",
            "TimeoutError: no answer within 5 s",
        ]
        return [first]
            + trace.enumerated().map { LogLine(at: at + .microseconds(Int64($0.offset) + 1), $0.element) }
    }

    private func ordinary(_ slot: Int, _ at: Instant) -> String {
        let took = 60 + mix(slot, 4) % 900
        let text =
            switch mix(slot, 5) % 8 {
            case 0...3: "INFO [\(pattern.component)] inspection completed trap=\(trap(slot)) duration_ms=\(took)"
            case 4: "INFO [\(pattern.component)] batch done items=\(took) failed=0 errors=0"
            case 5: "INFO [\(pattern.component)] GET /v1/steam-trap/health 200 \(took % 40)ms"
            case 6: "DEBUG [\(pattern.component)] cache hit key=steam-trap:\(trap(slot)) ttl=\(took)"
            default: "WARN [\(pattern.component)] slow sensor sensor=S-\(took) error_rate=0.00 took_ms=\(took * 3)"
            }
        return "\(at.milliseconds) \(text)"
    }

    private func trap(_ slot: Int) -> String { "ST-\(10_000 + mix(slot, 6) % 90_000)" }

    /// The same number for the same log, slot and use.
    private func mix(_ slot: Int, _ salt: UInt64) -> UInt64 {
        var generator = SeededGenerator(seed: seed &+ UInt64(bitPattern: Int64(slot)) &* 0x9e37_79b9 &+ salt << 48)
        return generator.next()
    }

    private static let errors = [
        "sensor did not answer within 5 s", "acoustic reading rejected: out of range",
        "could not store inspection: deadlock detected, retrying", "upstream sensor-gateway answered 502",
    ]
}

extension Instant {
    /// `2026-11-21T02:00:00.123Z`, as applications write it.
    var milliseconds: String { microTimestamp.dropLast(4) + "Z" }
}
