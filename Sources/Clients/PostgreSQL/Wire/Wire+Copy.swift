import CLibPQ
import Glibc
import Maintenance

extension Wire {
    /// Runs `COPY … TO STDOUT` and hands over the data in chunks as they come; `sink` runs on the connection's thread.
    func copyOut(_ statement: SQLStatement, _ bounds: CallBounds, _ sink: ([UInt8]) throws -> Void) throws {
        guard let connection else { throw lost() }
        try begin(statement, expecting: PGRES_COPY_OUT, connection, bounds)
        var chunk: [UInt8] = []
        while true {
            var line: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(connection, &line, 1)
            if let line {
                chunk.append(contentsOf: UnsafeRawBufferPointer(start: line, count: Int(max(0, length))))
                PQfreemem(line)
            }
            if length == 0 {
                try wait(for: POLLIN, bounds)
                guard PQconsumeInput(connection) == 1 else { throw lost() }
            }
            if length == -1 || chunk.count >= PostgreSQLLimits.copyChunk {
                if !chunk.isEmpty { try sink(chunk) }
                chunk.removeAll(keepingCapacity: true)
            }
            if length < 0 { break }
        }
        _ = try finish(connection, bounds)
    }

    /// Runs `COPY … FROM STDIN` with what `source` gives until it gives `nil`; returns how many rows were stored. When
    /// the source throws, the server is told to forget what it was given.
    func copyIn(_ statement: SQLStatement, _ bounds: CallBounds, _ source: () throws -> [UInt8]?) throws -> Int {
        guard let connection else { throw lost() }
        try begin(statement, expecting: PGRES_COPY_IN, connection, bounds)
        do {
            while let chunk = try source() { try put(chunk, connection, bounds) }
        } catch {
            if PQputCopyEnd(connection, "the source of the data failed") == 1 { _ = try? finish(connection, bounds) }
            throw error
        }
        while true {
            let outcome = PQputCopyEnd(connection, nil)
            if outcome == 1 { break }
            guard outcome == 0 else { throw lost() }
            try wait(for: POLLOUT, bounds)
        }
        try flush(connection, bounds)
        return try finish(connection, bounds)
    }

    private func put(_ chunk: [UInt8], _ connection: OpaquePointer, _ bounds: CallBounds) throws {
        var rest = chunk[...]
        while !rest.isEmpty {
            let piece = rest.prefix(PostgreSQLLimits.copyChunk)
            let outcome = piece.withUnsafeBytes { bytes in
                PQputCopyData(
                    connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            }
            switch outcome {
            case 1:
                rest = rest.dropFirst(piece.count)
                try flush(connection, bounds)
            case 0: try wait(for: POLLOUT, bounds)
            default: throw lost()
            }
        }
    }

    private func begin(
        _ statement: SQLStatement, expecting status: ExecStatusType, _ connection: OpaquePointer, _ bounds: CallBounds
    ) throws {
        try refuseNUL([statement])
        guard PQsendQuery(connection, statement.text) == 1 else { throw lost() }
        try flush(connection, bounds)
        guard let result = try next(connection, bounds) else { throw lost() }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case status: return
        case PGRES_FATAL_ERROR:
            let error = serverError(result)
            _ = try? finish(connection, bounds)
            throw error
        default: throw CouldNotLook(.notSupported, "The statement for \(identity) is no COPY in that direction.")
        }
    }

    /// Reads the results after the data; the number of rows where the server tells it.
    private func finish(_ connection: OpaquePointer, _ bounds: CallBounds) throws -> Int {
        var rows = 0
        var failure: ServerError?
        while let result = try next(connection, bounds) {
            defer { PQclear(result) }
            if PQresultStatus(result) == PGRES_COMMAND_OK {
                rows = Int(String(cString: PQcmdTuples(result))) ?? 0
            } else {
                failure = failure ?? serverError(result)
            }
        }
        if let failure { throw failure }
        return rows
    }
}
