import Maintenance

/// How full one place is where a service writes.
struct DiskUse: Sendable {
    enum Place: String, Sendable {
        /// A claim, mounted by pods.
        case claim
        /// A volume that lives as long as its pod.
        case volume
        /// What its containers see as `/`, as df in them tells it.
        case pod
        /// What a container may write into its layer and log, and a pod into all of them and volumes of its own.
        case limit
        /// The disk of a node.
        case node
    }

    let place: Place
    let name: String
    /// Those that write to it.
    var pods: [String] = []
    let used: Double
    /// What used is of.
    let total: Double
    /// What is left to write; `nil` where only the limit is known.
    let available: Double?
    var inodesPercent: Double?

    /// As df computes it: of what those can have who are not root.
    var percent: Double {
        if let available { return used + available > 0 ? 100 * used / (used + available) : 0 }
        return total > 0 ? 100 * used / total : 0
    }

    var title: String { "\(place.rawValue) \(name)" }

    var detail: [String: JSONValue] {
        [
            "mount": .text(title), "used_percent": .number(percent), "used": .number(used), "total": .number(total),
            "available": available.map { .number($0) } ?? .null,
            "inodes_percent": inodesPercent.map { .number($0) } ?? .null,
            "pods": .list(pods.prefix(10).map { .text($0) }),
        ]
    }

    /// A file system of a kubelet's summary; `nil` where it has no size.
    init?(_ place: Place, _ name: String, pods: [String] = [], _ stats: JSONValue, isWholeFileSystem: Bool) {
        guard case .number(let capacity)? = stats.at("capacityBytes"), capacity > 0,
            case .number(let available)? = stats.at("availableBytes"), available >= 0, available <= capacity
        else { return nil }
        var used = capacity - available
        if isWholeFileSystem, case .number(let said)? = stats.at("usedBytes"), said >= 0, said <= capacity {
            used = said
        }
        self.init(place: place, name: name, pods: pods, used: used, total: capacity, available: available)
        if case .number(let inodes)? = stats.at("inodes"), inodes > 0, case .number(let free)? = stats.at("inodesFree")
        {
            inodesPercent = 100 * (inodes - free) / inodes
        }
    }

    init(
        place: Place, name: String, pods: [String] = [], used: Double, total: Double, available: Double?,
        inodesPercent: Double? = nil
    ) {
        self.place = place
        self.name = name
        self.pods = pods
        self.used = used
        self.total = total
        self.available = available
        self.inodesPercent = inodesPercent
    }
}

/// All that was seen of the disks, and what was not.
struct DiskFindings: Sendable {
    var uses: [DiskUse] = []
    /// What could not be read, with the cause.
    var blind: [(subject: String, cause: Cause)] = []
    /// What cannot be read by anybody now, and is no fault: claims that nobody mounts, raw block devices.
    var unread: [(subject: String, because: String)] = []

    mutating func miss(_ subject: String, _ code: Cause.Code, _ sentence: String) {
        blind.append((subject, Cause(code, sentence)))
    }

    func observation() -> Observation {
        var findings = blind.map { Finding($0.subject, .unknown, $0.cause) }
        for use in uses {
            // Without an inode nothing can be written, however much room there is.
            guard let percent = use.inodesPercent, percent >= 85 else { continue }
            let cause = Cause(.threshold, "\(use.title) has used \(percent.rounded().written) % of its inodes.")
            findings.append(Finding(use.title, percent >= 95 ? .fail : .warn, cause, advice: "Delete small files."))
        }
        let unreadable = blind.isEmpty ? "" : "; \(blind.count) could not be looked at"
        let others = unread.isEmpty ? "" : "; \(unread.count) not mounted"
        var details = uses.sorted { $0.percent > $1.percent }.map(\.detail)
        details += blind.map { ["mount": .text($0.subject), "missing": .text($0.cause.sentence)] }
        details += unread.map { ["mount": .text($0.subject), "missing": .text($0.because)] }
        guard let fullest = uses.max(by: { $0.percent < $1.percent }) else {
            let cause = blind.first?.cause ?? Cause(.noData, "No disk was seen.")
            return Observation(
                summary: "no disk could be looked at",
                missing: Dictionary(
                    uniqueKeysWithValues: ["used_percent", "inodes_percent", "claims_percent"].map { ($0, cause) }),
                findings: findings, details: details)
        }
        var observation = Observation(
            summary: "\(fullest.title) is \(((fullest.percent * 10).rounded() / 10).written) % full, "
                + "the fullest of \(uses.count)\(unreadable)\(others)",
            measurements: [
                Measurement("used_percent", fullest.percent, .percent), Measurement("mounts", uses.count),
                Measurement("unmounted", unread.count),
            ], findings: findings, details: details)
        let inodes = uses.compactMap(\.inodesPercent).max()
        let claims = uses.filter { $0.place == .claim }.map(\.percent).max()
        for (name, value, what) in [
            ("inodes_percent", inodes, "No disk tells its inodes."), ("claims_percent", claims, "No claim was seen."),
        ] {
            if let value {
                observation.measurements.append(Measurement(name, value, .percent))
            } else {
                observation.missing[name] = Cause(.noData, what)
            }
        }
        return observation
    }
}
