import Host
import Schedules
import Synchronization

/// Zones by their names, each read once: thousands of procedures have few.
final class ZoneShelf: Sendable {
    private let host: Host
    private let zones = Mutex<[String: Zone]>([:])

    init(host: Host) { self.host = host }

    func zone(_ name: String) -> Zone? {
        zones.withLock { zones in
            if zones[name] == nil { zones[name] = try? Zone.load(name, host: host) }
            return zones[name]
        }
    }
}
