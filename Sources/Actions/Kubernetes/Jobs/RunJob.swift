public import ClientKubernetes
import Host
public import Maintenance

/// Runs a program as a Job, once: the checks in the step's `proof` say whether it did what it should.
public struct RunJob: ProvenElsewhere {
    public typealias Kind = KubernetesKind

    enum Disturbance: String, WordValue { case online, disruptive, destructive }

    var image = ""
    var command: [String] = []
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var secrets: [SecretVariable] = []
    var cpu: String?
    var memory: String?
    var serviceAccount: String?
    var namespace: String?
    var deadline: Duration = .seconds(3600)
    var patience: Duration = .seconds(60)
    var disturbance = Disturbance.disruptive

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.run-job",
        summary: "Runs a program as a Job, never twice; the checks in `proof` say whether it did what it should.",
        timeout: .seconds(3900),
        applies: """
            Kubernetes 1.21 and later. The Job's name comes from the run and the step, so that it is found again after a \
            crash; one that failed is not started again by the same step, and one whose pod does not start is deleted. `deadline` is given to the Job itself: the \
            cluster ends it even where nobody watches. A finished Job is kept for 30 days. The end of its log is kept \
            with the run; what it prints of its own secrets is not known here and not masked.
            """,
        example: """
            image: "registry.example.com/retention:2.4.1"
            command: [python, -m, retention]
            args: [--older-than, 90d]
            environment: { MODE: weekly }
            secrets: [DB_PASSWORD=retention-db/password]
            memory: 512Mi
            service-account: retention
            """)

    public static let parameters: [Parameter<RunJob>] = [
        .required("image", \.image, "The image, with its tag or digest."),
        .optional("command", \.command, default: [], "The program in the image; the image's own without it."),
        .optional("args", \.arguments, default: [], "Its arguments. Nothing secret: all who may look can see them."),
        .optional("environment", \.environment, default: [:], "Variables for it. Nothing secret."),
        .optional(
            "secrets", \.secrets, default: [], "Variables whose values the cluster takes from its Secrets."),
        .optional("cpu", \.cpu, default: nil, "The processors that it is given, as Kubernetes writes them: `500m`."),
        .optional("memory", \.memory, default: nil, "The memory that it is given and may not exceed: `512Mi`."),
        .optional(
            "service-account", \.serviceAccount, default: nil, "As whom it runs; the namespace's default without it."),
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional(
            "deadline", \.deadline, default: .seconds(3600),
            "Time for the Job; then the cluster ends it, and it failed."),
        .optional(
            "patience", \.patience, default: .seconds(60),
            "Time that its pod may be without a node, an image or its configuration."),
        .optional("impact", \.disturbance, default: .disruptive, "How much it disturbs the service."),
    ]

    public var impact: Impact {
        switch disturbance {
        case .online: .online
        case .disruptive: .disruptive
        case .destructive: .destructive
        }
    }

    public func validate() throws(ValueError) {
        guard !image.isEmpty, image.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), image.utf8.count <= 1000 else {
            throw ValueError("`\(image.prefix(80))` is not the name of an image", path: ["image"])
        }
        let names = Array(environment.keys) + secrets.map(\.variable)
        guard Set(names).count == names.count, names.count <= KubernetesActionLimits.variables else {
            throw ValueError("a variable stands twice, or there are too many", path: ["environment"])
        }
        for name in environment.keys where !SecretVariable.isVariable(name) {
            throw ValueError("`\(name.prefix(80))` is not the name of a variable", path: ["environment"])
        }
        for (key, text) in [("cpu", cpu), ("memory", memory)] {
            if let text, text.wholeMatch(of: /[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?/) == nil {
                throw ValueError("`\(text.prefix(40))` is not an amount such as 500m or 512Mi", path: [key])
            }
        }
        for (key, name) in [("service-account", serviceAccount), ("namespace", namespace)] {
            if let name, !SecretVariable.isObjectName(name) {
                throw ValueError("`\(name.prefix(80))` is not a name of Kubernetes", path: [key])
            }
        }
        guard deadline >= .seconds(1) else { throw ValueError("at least 1s", path: ["deadline"]) }
    }

    public var rights: [Right] {
        [
            .kubernetes(.look, ["get"], ["jobs.batch"], in: namespace, reason: "to find the Job again"),
            .kubernetes(
                .look, ["list"], ["pods", "events"], in: namespace,
                reason: "to say what keeps its pod, and whether a Job that is gone has run"),
            .kubernetes(.look, ["get"], ["pods/log"], in: namespace, reason: "to keep the end of its log"),
            .kubernetes(
                .change, ["create", "get", "watch", "delete"], ["jobs.batch"], in: namespace,
                reason: "to start the Job, follow it, and clear it away where its pod does not start"),
            .kubernetes(.change, ["list", "watch"], ["pods"], in: namespace, reason: "to name what keeps its pod"),
            .kubernetes(.change, ["get"], ["pods/log"], in: namespace, reason: "to show what it writes"),
        ]
    }

    /// What is known before the Job is started.
    public struct Baseline: Codable, Sendable {
        let namespace: String
        let job: String
        let mark: String
        /// The digest of what it is to be.
        let spec: String
        let at: Instant
    }

    public func preview(_ access: KubernetesAccess, in context: Context) async throws -> Preview {
        let namespace = namespace ?? access.namespace
        let unit = WorkUnit(
            id: "job", title: "Job of \(image)", expected: min(deadline, .seconds(600)),
            attributes: ["namespace": namespace])
        let words = (command + arguments).joined(separator: " ")
        return Preview(
            summary: "1 Job of \(image) in \(namespace)", units: [unit],
            statements: [
                "kubectl --namespace \(namespace) create job --image=\(image)\(words.isEmpty ? "" : " -- \(words)")"
            ])
    }

    public func prepare(_ unit: WorkUnit, _ access: KubernetesAccess, in context: Context) async throws -> Baseline {
        let mark = "\(context.label.run)/\(context.label.step)"
        return Baseline(
            namespace: unit.attributes["namespace"] ?? namespace ?? access.namespace,
            job: JobMark.name(of: Self.stem(context.label.step), mark: mark), mark: mark,
            spec: sha256Hex(try encodeJSON(spec)), at: context.host.now())
    }

    /// The step's id as the beginning of a name: small letters, figures and `-`.
    static func stem(_ step: String) -> String {
        let plain = step.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let stem = String(plain.drop { $0 == "-" })
        return stem.first?.isLetter == true ? stem : "step-\(stem)"
    }
}

/// A variable whose value the cluster takes from a Secret: the value is never seen here.
struct SecretVariable: ParameterValue, Hashable {
    static let typeName = "a variable with the Secret and the key of its value, such as `DB_PASSWORD=app-db/password`"

    let variable: String
    let secret: String
    let key: String

    static func read(_ value: PlanValue) throws(ValueError) -> SecretVariable {
        let text = try scalar(value)
        guard let match = text.wholeMatch(of: /([^=]+)=([^\/]+)\/([-._A-Za-z0-9]{1,253})/),
            isVariable(String(match.1)), isObjectName(String(match.2))
        else { throw ValueError("this is not \(typeName)") }
        return SecretVariable(variable: String(match.1), secret: String(match.2), key: String(match.3))
    }

    var written: String { "\(variable)=\(secret)/\(key)" }

    static func isVariable(_ name: String) -> Bool { name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,200}/) != nil }

    /// DNS-1123, as objects are named.
    static func isObjectName(_ name: String) -> Bool {
        name.wholeMatch(of: /[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/) != nil
    }
}
