import ClientObjectStore
import Host
import Maintenance

/// An object that is a backup by its name, with the moment from which it really is.
struct Backup: Sendable {
    let object: StoredObject
    /// The date in its key; `nil` where none is asked for.
    let named: ClosedRange<Instant>?

    /// The older of when it was stored and what its key says: a copy that was stored anew is no newer backup.
    var real: Instant { named.map { min(object.modified, $0.upperBound) } ?? object.modified }

    /// How far the two dates are apart, beyond what dumping and storing take.
    var disagreement: Duration? {
        guard let named else { return nil }
        let late = object.modified - named.upperBound
        let early = named.lowerBound - object.modified
        return max(late, early) > BackupLimits.dateTolerance ? max(late, early) : nil
    }
}

/// The backups among the objects of a listing, the newest first.
struct BackupSet: Sendable {
    let backups: [Backup]
    /// Objects that are none by their names.
    let others: Int

    init(_ objects: [StoredObject], prefix: String, pattern: KeyGlob?, date: KeyDate?) {
        var backups: [Backup] = []
        for object in objects where !(object.key.hasSuffix("/") && object.size == 0) {
            let name = String(object.key.dropFirst(prefix.count))
            let named = date?.span(in: name)
            guard pattern?.matches(name) ?? !Self.isCompanion(name), date == nil || named != nil else { continue }
            backups.append(Backup(object: object, named: named))
        }
        // Of two of the same moment the later key, so that the order never depends on chance.
        self.backups = backups.sorted { ($0.real, $0.object.key) > ($1.real, $1.object.key) }
        others = objects.count - backups.count
    }

    var newest: Backup? { backups.first }

    var total: Double { backups.reduce(0) { $0 + Double($1.object.size) } }

    /// The middle size of the newest's predecessors; `nil` where there are none.
    func usualSize(of count: Int) -> Double? {
        let sizes = backups.dropFirst().prefix(count).map { Double($0.object.size) }.sorted()
        guard !sizes.isEmpty else { return nil }
        let middle = sizes.count / 2
        return sizes.count % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2
    }

    /// A checksum or signature beside a backup; whoever names a `pattern` decides by it alone.
    private static func isCompanion(_ name: String) -> Bool {
        [".md5", ".sha1", ".sha256", ".sha512", ".sig", ".asc", ".sha256sum", ".md5sum"].contains { name.hasSuffix($0) }
    }
}
