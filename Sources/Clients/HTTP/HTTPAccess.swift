import Host
import Maintenance

/// What one step may ask of an endpoint. Redirects are reported, not followed.
public struct HTTPAccess: Sendable {
    let kind: HTTPKind
    let transport: HTTPTransport
    let purpose: Purpose
    let context: Context

    public var identity: String { transport.endpoint.identity }

    /// What stands under the base URL at `path`; throws `CouldNotLook` where no whole answer came.
    ///
    /// - Parameter statement: what the evidence says was asked; the path without the values of its query otherwise.
    public func get(
        _ path: String, statement: String? = nil, limit: Int = HTTPLimits.body, oversize: Oversize = .refuse
    ) async throws -> HTTPAnswer {
        try await send("GET", path, statement: statement, limit: limit, oversize: oversize)
    }

    func send(
        _ method: String, _ path: String, statement: String? = nil, limit: Int, oversize: Oversize
    ) async throws -> HTTPAnswer {
        guard purpose == .change || method == "GET" || method == "HEAD" else {
            throw CouldNotLook(.noPermission, "\(method) may alter something, and a look must not.")
        }
        let statement = statement ?? "\(method) \(transport.endpoint.shown(path))"
        do {
            let answer = try await transport.send(
                HTTPCall(method, path, headers: kind.requestHeaders), in: context, limit: limit, oversize: oversize)
            note(statement, "HTTP \(answer.status)\n\n".utf8 + answer.body)
            return answer
        } catch let error as CouldNotLook {
            note(statement, Array("no answer: \(error.cause.code.rawValue): \(error.cause.sentence)".utf8))
            throw error
        }
    }

    private func note(_ statement: String, _ answer: [UInt8]) {
        context.evidence.note(source: identity, statement: statement, answer: answer)
    }
}
