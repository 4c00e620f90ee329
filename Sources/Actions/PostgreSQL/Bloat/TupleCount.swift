import Maintenance

/// What pgstattuple counts: it reads the whole relation, and pg_monitor may call it without any right on the table.
struct TupleCount: Sendable {
    let liveRows: Double
    let liveBytes: Double
    let deadRows: Double
    let freeBytes: Double

    static func read(_ oid: Int, blocks: Int, _ reader: BloatReader) async throws(CouldNotLook)
        -> TupleCount?
    {
        guard let schema = reader.extensionSchema, reader.takes(blocks) else { return nil }
        let rows = try await reader.rows(
            """
            SELECT tuple_count, tuple_len, dead_tuple_count, free_space \
            FROM \(schema).pgstattuple(\(oid)::oid::regclass)
            """)
        let numbers = rows.first?.compactMap { Double($0 ?? "") } ?? []
        guard numbers.count == 4 else { return nil }
        return TupleCount(
            liveRows: numbers[0], liveBytes: numbers[1], deadRows: numbers[2], freeBytes: numbers[3])
    }

    /// The schema of the extension's own function, where this role may execute it.
    static let schema = """
        SELECT quote_ident(n.nspname) AS schema FROM pg_catalog.pg_extension e \
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
        JOIN pg_catalog.pg_depend d ON d.refobjid = e.oid AND d.refclassid = 'pg_catalog.pg_extension'::regclass \
        AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e' \
        JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.proname = 'pgstattuple' \
        AND p.proargtypes[0] = 'pg_catalog.regclass'::regtype WHERE e.extname = 'pgstattuple' \
        AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
        """

    /// Pages of the table after a rewrite: exact in rows, less so in their length, of which only the sum is known.
    func estimate(_ reading: TableReading, _ why: String) async throws(CouldNotLook) -> BloatEstimate? {
        let table = reading.table
        guard liveRows > 0 else { return nil }
        let average = liveBytes / liveRows
        let room = Double(PageLayout.page - PageLayout.pageHeader)
        let used = (Double(table.blocks) * room - freeBytes) / liveRows - Double(PageLayout.linePointer)
        var (length, unsure) = (average + 3.5, 3.5)
        if deadRows == 0, average <= used, used <= average + 7 {
            (length, unsure) = (used, max(1, used - average))
        }
        let item = length + Double(PageLayout.linePointer)
        let usable = room - Double(PageLayout.reserve(table.fillfactor)) - length / 2
        var pages = Int((liveRows * item / max(item, usable)).rounded(.up))
        var error = (unsure + 0.01 * length) / item + length / 2 / Double(PageLayout.page)
        if table.toastOID != nil {
            pages += 1
            if let toast = try await toastPages(reading) {
                pages += toast
                error += toast > 0 ? 0.05 : 0
            }
        }
        let needed = pages * PageLayout.page
        return BloatEstimate(
            needed: needed, error: 100 * Double(needed) / Double(max(1, table.bytes)) * error,
            basis: .read,
            notes: ["\(why); counted by pgstattuple"])
    }

    /// Beside the first page of the index.
    private func toastPages(_ reading: TableReading) async throws(CouldNotLook) -> Int? {
        let table = reading.table
        guard let oid = table.toastOID, table.toastBytes > 0 else { return nil }
        let blocks = PageLayout.pages(table.toastBytes)
        guard blocks <= BloatLimits.countedBlocks,
            let toast = try await TupleCount.read(oid, blocks: blocks, reading.reader)
        else {
            throw CouldNotLook(
                .noPermission, "no privilege, and its TOAST table is too large to be counted")
        }
        guard toast.liveRows > 0 else { return 0 }
        let average = toast.liveBytes / toast.liveRows
        let perPage =
            average > 1900 ? 4 : Double(PageLayout.page - PageLayout.pageHeader) * 0.93 / (average + 8)
        return Int((toast.liveRows / perPage).rounded(.up))
            + TreePacking.pages(leaves: (toast.liveRows / 366).rounded(.up), pivot: 16) - 1
    }
}
