public import Host

/// A program that a plan declares as an action, with what it said of itself: a run carries it, so that it can go on after
/// the plan was edited.
public struct ActionProgram: Codable, Hashable, Sendable {
    public let name: String
    /// The program and its arguments. Nothing secret.
    public let arguments: [String]
    public let environment: [String: String]
    /// Where it runs: paths among its arguments count from there.
    public let directory: String
    /// SHA-256 of the files that its arguments name, when it described itself.
    public let digest: String
    /// Its own words.
    public let description: JSONValue

    public init(
        name: String, arguments: [String], environment: [String: String], directory: String, digest: String,
        description: JSONValue
    ) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.digest = digest
        self.description = description
    }
}

/// How programs become actions. The room that knows their protocol gives it to the catalogue.
public struct ActionPrograms: Sendable {
    /// What a plan says of one: its name, the argument vector, more variables, and the folder of the plan's file.
    public struct Source: Hashable, Sendable {
        public let name: String
        public let arguments: [String]
        public let environment: [String: String]
        public let folder: String

        public init(name: String, arguments: [String], environment: [String: String], folder: String) {
            self.name = name
            self.arguments = arguments
            self.environment = environment
            self.folder = folder
        }
    }

    /// Runs the program and has it describe itself. It blocks its thread, for a bounded time.
    public let describe: @Sendable (Source, Host) throws(CouldNotLook) -> ActionProgram
    /// The action that a description makes.
    public let define: @Sendable (ActionProgram) throws(ValueErrors) -> ActionDefinition

    public init(
        describe: @escaping @Sendable (Source, Host) throws(CouldNotLook) -> ActionProgram,
        define: @escaping @Sendable (ActionProgram) throws(ValueErrors) -> ActionDefinition
    ) {
        self.describe = describe
        self.define = define
    }
}
