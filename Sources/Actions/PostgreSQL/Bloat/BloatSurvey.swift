import ClientPostgreSQL
import Host
import Maintenance

/// Looks at tables and their indexes, the largest first, so that what is read is spent where it matters.
struct BloatSurvey: Sendable {
    /// `schema.table`; `nil` takes all.
    let names: [String]?
    let except: [TablePattern]
    let leastBytes: Int
    let readBytes: Int

    func read(_ access: PostgreSQLAccess, in context: Context) async throws -> [RelationBloat] {
        let schema = try await extensionSchema(access)
        let catalog = try await BloatCatalog.read(names, access, in: context)
        let reader = BloatReader(
            access, in: context, blocks: PageLayout.pages(readBytes), extensionSchema: schema)
        let sized = catalog.tables.map { table in
            (table: table, bytes: table.bytes + table.indexes.reduce(0) { $0 + $1.bytes })
        }
        let order = sized.sorted { ($0.bytes, $1.table.name) > ($1.bytes, $0.table.name) }
        let exceptions = except.compactMap { try? Regex($0.expression) }
        var found: [RelationBloat] = []
        for (place, entry) in order.enumerated() {
            found += await relations(entry.table, reader, except: exceptions)
            if let lost = reader.lost { throw lost }
            try Task.checkCancellation()
            context.progress(
                Progress(
                    done: Double(place + 1), total: Double(order.count), "relations of \(entry.table.name)"))
        }
        return found.sorted { ($0.bytes, $1.relation) > ($1.bytes, $0.relation) }
    }

    private func relations(
        _ table: BloatTable, _ reader: BloatReader, except: [Regex<AnyRegexOutput>]
    ) async -> [RelationBloat] {
        let reading = TableReading(table, reader)
        reader.table = table.oid
        var found: [RelationBloat] = []
        func add(
            _ name: String, _ kind: RelationBloat.Kind, _ bytes: Int,
            _ estimate: () async throws(CouldNotLook) -> BloatEstimate
        ) async {
            guard bytes >= leastBytes, !except.contains(where: { Self.matches(name, $0) }) else { return }
            let result: Result<BloatEstimate, CouldNotLook>
            do throws(CouldNotLook) { result = .success(try await estimate()) } catch {
                result = .failure(error)
            }
            found.append(RelationBloat(name, kind, table: table.oid, bytes: bytes, result))
        }
        await add(table.name, .table, table.bytes) { () async throws(CouldNotLook) in
            try await reading.estimate()
        }
        for index in table.indexes {
            await add(index.name, .index, index.bytes) { () async throws(CouldNotLook) in
                try await IndexReading(index, of: reading).estimate()
            }
        }
        return found
    }

    private func extensionSchema(_ access: PostgreSQLAccess) async throws -> String? {
        let answers = try await access.look([
            SQLStatement(
                """
                SELECT current_setting('block_size')::int AS page, current_setting('server_version_num')::int AS version
                """), SQLStatement(TupleCount.schema),
        ])
        let server = try answers[0].one()
        guard try server.integer("page") == PageLayout.page else {
            throw CouldNotLook(
                .notSupported, "\(access.identity) was built with pages of another size than 8 KiB.")
        }
        guard try server.integer("version") >= 130_000 else {
            throw CouldNotLook(
                .notSupported,
                "\(access.identity) is older than PostgreSQL 13, whose indexes are built otherwise.")
        }
        return try answers[1].rows.first?.text("schema")
    }

    /// A name with or without its schema.
    private static func matches(_ name: String, _ pattern: Regex<AnyRegexOutput>) -> Bool {
        let bare = name.replacing("\"", with: "")
        return bare.wholeMatch(of: pattern) != nil
            || bare.split(separator: ".").last.flatMap { $0.wholeMatch(of: pattern) } != nil
    }
}
