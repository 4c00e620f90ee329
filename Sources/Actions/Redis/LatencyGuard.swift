/// Keeps the work from being felt: it compares the time of a round trip with the one before the work, and makes the
/// pauses longer while it has grown.
struct LatencyGuard: Sendable {
    /// A round trip of the server when we leave it alone.
    let idle: Duration
    private(set) var pause: Duration = .zero

    static let firstPause: Duration = .milliseconds(5)
    static let longestPause: Duration = .seconds(1)
    /// What a round trip may grow by before it counts: less is the noise of any network.
    static let noise: Duration = .milliseconds(2)
    /// How often it is measured.
    static let interval: Duration = .milliseconds(100)

    init(idle: Duration) { self.idle = idle }

    mutating func measured(_ roundTrip: Duration) {
        if roundTrip > idle * 2 + Self.noise {
            pause = min(Self.longestPause, max(Self.firstPause, pause * 2))
        } else {
            pause = pause > .milliseconds(1) ? pause / 2 : .zero
        }
    }
}
