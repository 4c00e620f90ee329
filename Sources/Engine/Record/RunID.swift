public import Host

/// The name of a run: sorts by time, is short enough to say, and a beginning of it suffices on the command line. Of a
/// thousand runs that begin in one second, two have one name once in two million times.
public enum RunID {
    /// `20261122-020000-7f3a9c04d1`.
    public static func make(at now: Instant, _ host: Host) -> String {
        let digits = now.description.prefix(19).filter { $0.isNumber }
        let tail = String(host.random() & 0xFF_FFFF_FFFF, radix: 16)
        return "\(digits.prefix(8))-\(digits.suffix(6))-\(String(repeating: "0", count: 10 - tail.count))\(tail)"
    }
}
