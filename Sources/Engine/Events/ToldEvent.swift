public import Host
import Journal
import Maintenance

/// The word of a person that something has happened: what a schedule like `within 24 hours of detection` hangs on.
public struct ToldEvent: Codable, Hashable, Sendable {
    /// What is said.
    public struct Terms: Codable, Hashable, Sendable {
        public let service: String
        public let environment: String
        /// Its name, as the schedule has it.
        public let event: String
        /// When it happened.
        public let happened: Instant

        public init(service: String, environment: String, event: String, happened: Instant) {
            self.service = service
            self.environment = environment
            self.event = event
            self.happened = happened
        }

        /// Why it is none that can be recorded.
        public func mistake(at now: Instant) -> String? {
            // The clocks of two machines may differ a little.
            if happened > now + .seconds(60) {
                return "\(happened) is in the future: an event is told once it has happened."
            }
            if now - happened > EngineLimits.eventAge { return "\(happened) is more than a year ago." }
            return [service, environment, event].contains { $0.isEmpty || $0.utf8.count > 200 }
                ? "It does not say of which service it is." : nil
        }
    }

    /// The user of the operating system who owns the file in which it came.
    public let by: String
    public let at: Instant
    public let terms: Terms
    public let note: String?
    /// The file's name.
    let letter: String
}
