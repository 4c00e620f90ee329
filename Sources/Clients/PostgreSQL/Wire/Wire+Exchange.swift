import CLibPQ
import Glibc
import Maintenance

/// How much of an answer may be gathered.
struct AnswerCaps: Sendable {
    var rows = PostgreSQLLimits.rows
    var bytes = PostgreSQLLimits.answerBytes
}

extension Wire {
    /// Sends statements in one go and gathers their answers: one round trip, however many they are. The first error of
    /// the server is thrown after all answers are in, as a `ServerError`.
    func exchange(_ statements: [SQLStatement], caps: AnswerCaps = AnswerCaps(), _ bounds: CallBounds) throws -> [Rows]
    {
        try refuseNUL(statements)
        try prepare(statements, bounds)
        return try roundTrip(statements, caps: caps, bounds, send)
    }

    /// In a round trip of its own, once a connection.
    private func prepare(_ statements: [SQLStatement], _ bounds: CallBounds) throws {
        let new = Set(statements.filter { $0.isPrepared && prepared[$0.text] == nil }.map(\.text))
        guard !new.isEmpty else { return }
        let named = new.map { text in
            preparedNames += 1
            return (text: text, name: "statement_\(preparedNames)")
        }
        _ = try roundTrip(named, caps: AnswerCaps(), bounds) { statement, connection in
            PQsendPrepare(connection, statement.name, statement.text, 0, nil) == 1
        }
        for (text, name) in named { prepared[text] = name }
    }

    /// - Parameter send: False where the connection does not take it.
    private func roundTrip<Statement>(
        _ statements: [Statement], caps: AnswerCaps, _ bounds: CallBounds, _ send: (Statement, OpaquePointer) -> Bool
    ) throws -> [Rows] {
        guard let connection else { throw lost() }
        _ = takeNotices()
        let isPipeline = statements.count > 1
        if isPipeline { guard PQenterPipelineMode(connection) == 1 else { throw lost() } }
        for statement in statements { guard send(statement, connection) else { throw lost() } }
        if isPipeline { guard PQpipelineSync(connection) == 1 else { throw lost() } }
        try flush(connection, bounds)
        var answers: [Rows] = []
        var failure: ServerError?
        for _ in statements {
            var gathering = Gathering(caps: caps)
            // Fails only where an earlier error has put an end to the pipeline: then there are no rows anyway.
            _ = PQsetSingleRowMode(connection)
            do {
                while let result = try next(connection, bounds) {
                    defer { PQclear(result) }
                    do { try gathering.take(result, identity) } catch let error as ServerError {
                        failure = failure ?? error
                    }
                }
            } catch let error as CouldNotLook {
                // A server that ends a connection says why first.
                if let failure, error.cause.code == .connectionLost { throw failure }
                throw error
            }
            answers.append(gathering.finish(takeNotices()))
        }
        if isPipeline {
            while let result = try next(connection, bounds) {
                let status = PQresultStatus(result)
                PQclear(result)
                if status == PGRES_PIPELINE_SYNC { break }
            }
            guard PQexitPipelineMode(connection) == 1 else { throw lost() }
        }
        if let failure { throw failure }
        return answers
    }

    /// The library takes C strings: what follows a NUL would be cut off in silence.
    func refuseNUL(_ statements: [SQLStatement]) throws(CouldNotLook) {
        for text in statements.flatMap({ [$0.text] + $0.parameters.compactMap(\.text) }) where text.utf8.contains(0) {
            throw CouldNotLook(.malformed, "A statement for \(identity) holds a NUL character.")
        }
    }

    private func send(_ statement: SQLStatement, _ connection: OpaquePointer) -> Bool {
        let values = statement.parameters.map { $0.text.flatMap { strdup($0) } }
        defer { for value in values { free(value) } }
        let list = values.map { UnsafePointer($0) }
        if let name = prepared[statement.text], statement.isPrepared {
            return PQsendQueryPrepared(connection, name, Int32(list.count), list, nil, nil, 0) == 1
        }
        return PQsendQueryParams(connection, statement.text, Int32(list.count), nil, list, nil, nil, 0) == 1
    }

    func flush(_ connection: OpaquePointer, _ bounds: CallBounds) throws {
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1:
                try wait(for: Int32(POLLIN) | Int32(POLLOUT), bounds)
                guard PQconsumeInput(connection) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    /// The next result, or `nil` after a statement's last. The bytes that arrive for one row are counted, for libpq
    /// itself would gather a gigabyte.
    func next(_ connection: OpaquePointer, _ bounds: CallBounds) throws -> OpaquePointer? {
        if PQisBusy(connection) == 1 {
            let start = receivedBytes(connection)
            repeat {
                try wait(for: Int32(POLLIN), bounds)
                guard PQconsumeInput(connection) == 1 else { throw lost() }
                guard receivedBytes(connection) - start <= PostgreSQLLimits.unfinishedRowBytes else {
                    throw Gathering.tooLarge(identity)
                }
            } while PQisBusy(connection) == 1
        }
        guard let result = PQgetResult(connection) else {
            if PQstatus(connection) == CONNECTION_BAD { throw lost() }
            return nil
        }
        return result
    }

    /// The server has gone; its last words, where it had any, say why.
    func lost() -> any Error {
        let code: Cause.Code = .connectionLost
        disconnect()
        return CouldNotLook(code, "The connection to \(identity) was lost before the answer was whole.")
    }
}

/// The rows of one statement as they come in.
private struct Gathering {
    let caps: AnswerCaps
    private var columns: [Rows.Column] = []
    private var values: [[String?]] = []
    private var bytes = 0
    private var affected = 0

    init(caps: AnswerCaps) { self.caps = caps }

    static func tooLarge(_ identity: String) -> CouldNotLook {
        CouldNotLook(.tooLarge, "The answer of \(identity) is larger than what is gathered: ask for less.")
    }

    mutating func take(_ result: OpaquePointer, _ identity: String) throws {
        switch PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK:
            if columns.isEmpty { readColumns(result) }
            for row in 0..<PQntuples(result) { try readRow(result, row, identity) }
            if let touched = Int(String(cString: PQcmdTuples(result))) { affected = touched }
        case PGRES_COMMAND_OK:
            affected = Int(String(cString: PQcmdTuples(result))) ?? 0
        case PGRES_PIPELINE_ABORTED, PGRES_EMPTY_QUERY, PGRES_PIPELINE_SYNC: break
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            throw CouldNotLook(.notSupported, "COPY cannot be used where \(identity) is asked for rows.")
        default:
            throw serverError(result)
        }
    }

    func finish(_ notices: [ServerNotice]) -> Rows {
        Rows(columns: columns, values: values, affected: affected, notices: notices)
    }

    private mutating func readColumns(_ result: OpaquePointer) {
        for column in 0..<min(PQnfields(result), Int32(PostgreSQLLimits.columns)) {
            let name = PQfname(result, column).map { String(cString: $0) } ?? ""
            columns.append(Rows.Column(name, ColumnType(rawValue: PQftype(result, column))))
        }
    }

    private mutating func readRow(_ result: OpaquePointer, _ row: Int32, _ identity: String) throws {
        guard values.count < caps.rows else { throw Self.tooLarge(identity) }
        var cells: [String?] = []
        cells.reserveCapacity(columns.count)
        for column in 0..<Int32(columns.count) {
            guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else {
                cells.append(nil)
                continue
            }
            let length = Int(PQgetlength(result, row, column))
            bytes += length
            guard bytes <= caps.bytes else { throw Self.tooLarge(identity) }
            let cell = UnsafeRawBufferPointer(start: start, count: length)
            guard let text = String(validating: cell, as: UTF8.self) else {
                throw CouldNotLook(
                    .malformed, "\(identity) holds bytes that are no UTF-8 in the column \(columns[Int(column)].name).")
            }
            cells.append(text)
        }
        values.append(cells)
    }
}

func serverError(_ result: OpaquePointer) -> ServerError {
    ServerError(
        state: diagnostic(result, .state) ?? "08006", message: diagnostic(result, .message) ?? "",
        schema: diagnostic(result, .schema), table: diagnostic(result, .table),
        column: diagnostic(result, .column), constraint: diagnostic(result, .constraint),
        function: diagnostic(result, .function))
}
