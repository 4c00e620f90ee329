import ClientObjectStore
import Host
import Maintenance

/// How old the newest backup is, and whether it looks like one.
struct BackupAge: Check {
    typealias Kind = S3Kind

    static let declaration = Declaration(
        name: "backup.age",
        summary: "Looks how old the newest backup is, and whether it is one by size, name and bytes.",
        measurements: [
            MeasurementDeclaration(
                "age", .hours, "Of the newest backup, by the store's own clock.", aggregate: .largest),
            MeasurementDeclaration("size", .bytes, "Of the newest backup.", aggregate: .last),
            MeasurementDeclaration(
                "size_change", .percent, "Of the newest against the middle of those before it; -60 is a loss of 60 %.",
                aggregate: .last),
            MeasurementDeclaration("count", "Backups below the target's prefix."),
            MeasurementDeclaration("total", .bytes, "Of all backups."),
            MeasurementDeclaration("others", "Objects that are no backups by their names."),
            MeasurementDeclaration(
                "clock_skew", .seconds, "How far the store's clock is ahead of ours.", aggregate: .last),
        ],
        thresholds: Thresholds(warn: "age >= 26h", fail: "age >= 2d"),
        timeout: .seconds(120),
        applies: """
            Buckets in which every backup is an object. The newest is judged by when it was stored, by the store's clock, \
            and by the date in its key where `key-date` says where that is: the older of the two counts. What it cannot \
            see: whether the backup can be restored, and what is in it. A dump that is complete in itself and lacks half \
            of the tables is as good as another here; only a restore shows that. Repositories of several files a backup \
            (pgBackRest, restic) have their own checks.
            """,
        example: "pattern: \"db-*.sql.gz\"\nkey-date: \"%Y%m%d-%H%M%S\"\nrecovery-point: 30h",
        looksByItself: true)

    static var parameters: [Parameter<BackupAge>] {
        [
            .optional(
                "pattern", \.pattern, default: nil,
                "Which keys below the target's prefix are backups: `*` is anything but a slash, `**` anything. Without it "
                    + "all are, but for checksums and signatures."),
            .optional(
                "key-date", \.keyDate, default: nil,
                "Where a key holds its date, in UTC, such as %Y%m%d-%H%M%S; keys without one are no backups."),
            .optional(
                "recovery-point", \.recoveryPoint, default: .seconds(2 * 86_400),
                "How old the newest may be before a loss of data is more than was agreed on; older fails."),
            .optional(
                "format", \.format, default: .auto,
                "What its first bytes must be; `auto` takes it from the key's ending."),
            .optional(
                "compare-with", \.compareWith, default: 7,
                "How many backups before the newest its size is held against."),
            .optional(
                "shrunken", \.shrunken, default: Share(percent: 50), "A loss of size by more than this fails."),
            .optional("grown", \.grown, default: Share(percent: 100), "A growth by more than this warns."),
            .optional("smallest", \.smallest, default: nil, "A smaller backup fails."),
            .optional(
                "read-whole", \.readWhole, default: ByteCount(64 << 20),
                "Packed backups up to this size are read and unpacked whole, so that a damaged one is found."),
        ]
    }

    var pattern: KeyGlob?
    var keyDate: KeyDate?
    var recoveryPoint: Duration = .seconds(2 * 86_400)
    var format = BackupFormat.auto
    var compareWith = 7
    var shrunken = Share(percent: 50)
    var grown = Share(percent: 100)
    var smallest: ByteCount?
    var readWhole = ByteCount(64 << 20)

    var thresholds: Thresholds { Thresholds(warn: "age >= 26h", fail: "age >= \(recoveryPoint.written)") }

    var rights: [Right] {
        Right.s3(.look, "s3:ListBucket", reason: "to see the backups and their dates")
            + (format == .any ? [] : Right.s3(.look, "s3:GetObject", reason: "to see whether the newest is a backup"))
    }

    func validate() throws(ValueError) {
        guard recoveryPoint > .zero else {
            throw ValueError("older than nothing is everything", path: ["recovery-point"])
        }
        guard (1...1000).contains(compareWith) else { throw ValueError("1 to 1000", path: ["compare-with"]) }
        guard shrunken.percent < 100 else { throw ValueError("nothing shrinks by 100 %", path: ["shrunken"]) }
    }

    func observe(_ access: ObjectStoreAccess, in context: Context) async throws -> Observation {
        let listing = try await access.list()
        let set = BackupSet(listing.objects, prefix: access.prefix, pattern: pattern, date: keyDate)
        var report = BackupReport(
            identity: access.identity, check: self, set: set, clock: access.clock, ours: context.host.now())
        if !listing.isComplete { report.partlyCovered(listing.objects.count) }
        guard let newest = set.newest else { return report.without() }
        report.judge(newest)
        if format != .any, newest.object.size > 0 {
            let reader = BackupReader(access: access, object: newest.object, expected: format, whole: readWhole.bytes)
            do { report.judge(try await reader.content(), of: newest) } catch let error as CouldNotLook {
                // Age and size are seen all the same.
                report.couldNotRead(newest, error.cause)
            }
        }
        return report.observation(newest)
    }
}
