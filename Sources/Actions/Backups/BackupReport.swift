import ClientObjectStore
import Host
import Maintenance

/// Puts what was seen of the backups into measurements, findings and details.
struct BackupReport {
    let identity: String
    let check: BackupAge
    let all: BackupSet
    let clock: StoreClock?
    let ours: Instant
    private var findings: [Finding] = []
    private var content: BackupContent?
    /// Without the age itself where nobody can know it.
    private var ageless: Cause?

    init(identity: String, check: BackupAge, set: BackupSet, clock: StoreClock?, ours: Instant) {
        self.identity = identity
        self.check = check
        all = set
        self.clock = clock
        self.ours = ours
        if let clock, clock.isOff {
            findings.append(
                Finding(
                    identity, .unknown,
                    Cause(.clockSkew, "The store's clock is \(clock.words): ages by it cannot be believed."),
                    advice: "Compare both clocks with a third one, and set the wrong one.",
                    attributes: ["seconds": .number(clock.skew.inSeconds.rounded())]))
        }
    }

    /// The store's clock dates what it stores; without one, ours.
    private var now: Instant { clock.map { $0.now(ours) } ?? ours }

    mutating func partlyCovered(_ count: Int) {
        findings.append(
            Finding(
                identity, .unknown,
                Cause(
                    .partlyCovered, "There are more than \(count) objects; newer backups may be among those not read."),
                advice: "Give the target a longer prefix."))
    }

    /// There is no backup at all.
    func without() -> Observation {
        let others = all.others > 0 ? ", and \(all.others) other objects" : ""
        let cause = Cause(code(.noBackup), "There is no backup in \(identity)\(others).")
        let finding = Finding(
            identity, .fail, cause,
            advice: all.others > 0
                ? "Check `pattern` and `key-date` against the keys that are there."
                : "Check the prefix, and the job that makes the backups.")
        return Observation(
            summary: cause.sentence, measurements: common,
            missing: ["age": cause, "size": cause, "size_change": cause], findings: findings + [finding])
    }

    mutating func judge(_ newest: Backup) {
        judgeDate(newest)
        judgeSize(newest)
    }

    private mutating func judgeDate(_ newest: Backup) {
        if newest.real > now + ObjectStoreLimits.clockSkew {
            let cause = Cause(
                .clockSkew,
                "The newest backup, `\(newest.object.name)`, is of \(newest.real), which is still to come: "
                    + "its age cannot be known.")
            ageless = cause
            findings.append(
                Finding(newest.object.key, .unknown, cause, advice: "Check the clocks of the store and of who stores."))
        }
        if let named = newest.named, newest.disagreement != nil {
            findings.append(
                Finding(
                    newest.object.key, .warn,
                    Cause(
                        code(.dateDisagrees),
                        "The key of the newest backup says \(named.lowerBound), and it was stored \(newest.object.modified); "
                            + "the older of the two counts."),
                    advice: "An old backup that was stored again looks new; see who stored it."))
        }
    }

    private mutating func judgeSize(_ newest: Backup) {
        let size = newest.object.size
        if size == 0 {
            return fail(newest, .empty, "is empty", "See the log of the job that made it, and make another.")
        }
        if let smallest = check.smallest, size < smallest.bytes {
            fail(
                newest, .tooSmall, "has \(ByteCount(size).written), less than \(smallest.written)",
                "See the log of the job that made it.")
        }
        guard let usual, let change else { return }
        let words = "has \(ByteCount.text(Double(size))) where \(ByteCount.text(usual)) are usual"
        if change < -check.shrunken.percent {
            fail(
                newest, .shrunken, words,
                "Compare it with the one before: tables may be missing, or the dump was cut. If data was removed on "
                    + "purpose, this ends by itself with \(check.compareWith / 2 + 1) more backups.")
        } else if change > check.grown.percent {
            findings.append(
                Finding(
                    newest.object.key, .warn,
                    Cause(code(.grown), "The newest backup, `\(newest.object.name)`, \(words)."),
                    advice: "See what grew; check that there is room for more such backups."))
        }
    }

    mutating func judge(_ content: BackupContent, of newest: Backup) {
        self.content = content
        if let problem = content.problem {
            return fail(
                newest, problem.code, problem.words,
                problem.code == .foreign
                    ? "If it is none, name the backups by `pattern`; if it is one, name its `format`."
                    : "Make another backup now; see the log of the job that made this one.")
        }
        guard content.format == nil else { return }
        findings.append(
            Finding(
                newest.object.key, .unknown,
                Cause(.notSupported, "The newest backup, `\(newest.object.name)`, begins with nothing that is known."),
                advice: "Name its `format`, or `any` where nobody is to look into it."))
    }

    mutating func couldNotRead(_ newest: Backup, _ cause: Cause) {
        findings.append(
            Finding(
                newest.object.key, .unknown, cause,
                advice: "Its age and size are seen; what it is could not be looked at."))
    }

    func observation(_ newest: Backup) -> Observation {
        var measurements = common + [Measurement("size", Double(newest.object.size), .bytes)]
        var missing: [String: Cause] = [:]
        if let ageless {
            missing["age"] = ageless
        } else {
            measurements.append(Measurement("age", age(newest), .hours))
        }
        if let change {
            measurements.append(Measurement("size_change", change, .percent))
        } else {
            missing["size_change"] = Cause(.noData, "There is no earlier backup to compare with.")
        }
        let age = ageless == nil ? "\(Self.rounded(age(newest)).written) h old" : "of an unknown age"
        return Observation(
            summary:
                "\(all.backups.count == 1 ? "The only backup" : "The newest of \(all.backups.count) backups"), `\(newest.object.name)`, is \(age) and has "
                + "\(ByteCount.text(Double(newest.object.size)))",
            measurements: measurements, missing: missing, findings: findings, details: details)
    }

    /// By the clock that makes it younger where the two differ too much: then a fail is one by both.
    private func age(_ newest: Backup) -> Double {
        let by = clock?.isOff == true ? min(now, ours) : now
        return max(0, (by - newest.real).inSeconds / 3600)
    }

    private var usual: Double? { all.usualSize(of: check.compareWith) }

    /// In percent of the usual size.
    private var change: Double? {
        guard let usual, usual > 0, let newest = all.newest else { return nil }
        return (Double(newest.object.size) / usual - 1) * 100
    }

    private var common: [Measurement] {
        var common = [
            Measurement("count", all.backups.count), Measurement("total", Double(all.total), .bytes),
            Measurement("others", all.others),
        ]
        if let clock { common.append(Measurement("clock_skew", clock.skew.inSeconds.rounded(), .seconds)) }
        return common
    }

    private var details: [[String: JSONValue]] {
        all.backups.prefix(BackupLimits.details).enumerated().map { index, backup in
            var detail: [String: JSONValue] = [
                "key": .text(backup.object.key), "size": .number(Double(backup.object.size)),
                "stored": .text(backup.object.modified.description),
                "age": .number(Self.rounded((now - backup.real).inSeconds / 3600)),
            ]
            if let named = backup.named { detail["date_in_key"] = .text(named.lowerBound.description) }
            if let storage = backup.object.storageClass { detail["storage_class"] = .text(storage) }
            guard index == 0, let content else { return detail }
            detail["format"] = content.format.map { .text($0.rawValue) } ?? .null
            detail["read"] = .number(Double(content.read))
            if let inner = content.inner { detail["packed_format"] = .text(inner.rawValue) }
            if let unpacked = content.unpacked { detail["unpacked"] = .number(Double(unpacked)) }
            return detail
        }
    }

    private mutating func fail(_ newest: Backup, _ code: BackupCode, _ words: String, _ advice: String) {
        findings.append(
            Finding(
                newest.object.key, .fail,
                Cause(self.code(code), "The newest backup, `\(newest.object.name)`, \(words)."), advice: advice))
    }

    private func code(_ code: BackupCode) -> Cause.Code { Cause.Code(rawValue: code.rawValue) }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
