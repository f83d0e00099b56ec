namespace StingBackup.Engine.Chroma;

/// <summary>
/// What can go wrong with a Chroma server, said so that a person knows what to do. What a server says is repeated only where it names collections, never
/// where it may hold a record.
/// </summary>
internal static class ChromaErrors
{
    /// <summary>No answer, or none that is of use, after all repetitions.</summary>
    public static StingException Unreachable(Uri address, string request, string cause, Exception? inner) => new("ChromaUnreachable", FailureKind.Io,
        $"Chroma at {Show(address)} does not answer {request}: {cause}.", Show(address),
        "Check that the server runs, that chroma.address is right, and that a firewall or the container's network lets this host in; then run it again.", inner);

    /// <summary>The token is missing, wrong, or has no right to this.</summary>
    public static StingException Denied(Uri address, string request, int status) => new("ChromaDenied", FailureKind.Authentication,
        FormattableString.Invariant($"Chroma at {Show(address)} refuses {request} to this host (status {status})."), Show(address),
        "Name the file of a token that may list, read and write collections by chroma.token_file.");

    /// <summary>The file of the token cannot be read.</summary>
    public static StingException TokenUnreadable(string file, string why, Exception? inner) => new("ChromaDenied", FailureKind.Authentication,
        $"The token of Chroma cannot be read from '{file}': {why}.", file, "Put the token alone into the file, and let only this user read it.", inner);

    /// <summary>There is no such tenant or database.</summary>
    public static StingException DatabaseMissing(ChromaOptions options) => new("ChromaDatabaseMissing", FailureKind.NotFound,
        $"Chroma at {Show(options.Address)} has no database '{options.Database}' of tenant '{options.Tenant}'.", $"{options.Tenant}/{options.Database}",
        "Correct chroma.tenant and chroma.database; without them Chroma's own defaults are meant.");

    /// <summary>An answer that is not what the API documents.</summary>
    public static StingException AnswerUnknown(Uri address, string request, string what, Exception? inner = null) => new("ChromaAnswerUnknown", FailureKind.NotSupported,
        $"The answer of {Show(address)} to {request} is not understood: {what}.", Show(address),
        "Check that the address is a Chroma server with API version 2 (0.5.16 or newer) and not a proxy's page; if it is one, report it with the server's version.", inner);

    /// <summary>The server understood, and will not.</summary>
    public static StingException RequestRefused(Uri address, string request, int status, string says) => new("ChromaRequestRefused", FailureKind.InvalidArgument,
        FormattableString.Invariant($"Chroma at {Show(address)} refuses {request}: status {status}{(says.Length == 0 ? "" : $", {says}")}."), Show(address),
        "Look into the server's log at this time. A collection of another number of dimensions, or a server of another version, does not take these records.");

    /// <summary>The collection of this name is of another shape.</summary>
    public static StingException CollectionDiffers(string name, string why) => new("ChromaCollectionDiffers", FailureKind.AlreadyExists,
        $"Collection '{name}' stands in Chroma already and cannot take these records: {why}.", name, "Rename or delete the collection that stands there, then restore again.");

    /// <summary>A file that is no collection, or a damaged one.</summary>
    public static StingException CaptureDamaged(string path, string why) => new("ChromaCaptureDamaged", FailureKind.Integrity,
        $"'{path}' is not a collection of Chroma as a backup holds it: {why}.", path, "Restore it from another point; a file of another kind can be restored to a folder only.");

    /// <summary>The database in the folder has not the tables that are known.</summary>
    public static StingException SchemaUnknown(string path, string why, Exception? inner) => new("ChromaSchemaUnknown", FailureKind.NotSupported,
        $"'{path}' is not the database of a Chroma whose tables are known here: {why}.", path, "Check chroma.path: it names the folder that holds chroma.sqlite3, of Chroma 0.5.", inner);

    public static string Show(Uri address) => address.GetLeftPart(UriPartial.Path).TrimEnd('/');
}
