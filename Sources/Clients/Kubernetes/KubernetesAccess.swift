import ClientHTTP
import Host
public import Maintenance

/// What one step may ask of a cluster: within its deadline, for its purpose, every look noted as evidence.
public struct KubernetesAccess: Sendable {
    let connection: KubernetesConnection
    public let purpose: Purpose
    let context: Context
    /// The target's namespace; where a call names none, it is this one.
    public let namespace: String
    var bounds = ReadingBounds()

    public var identity: String { connection.identity }

    init(connection: KubernetesConnection, purpose: Purpose, in context: Context) {
        self.connection = connection
        self.purpose = purpose
        self.context = context
        namespace = connection.settings.namespace
    }

    /// Evidence tells what was asked, and of the answer what identifies it; never its content, which may hold secrets.
    func note(_ statement: String, _ answer: String) {
        context.evidence.note(source: identity, statement: statement, answer: answer.utf8)
    }
}
