namespace StingBackup.Engine.Vault;

/// <summary>
/// What can go wrong with a Vault, said so that a person knows what to do. Messages hold addresses, paths, status codes and what the server says of them; never
/// a token, a secret id or a value. What a server says of a login is not repeated, since some repeat the secret id in it.
/// </summary>
internal static class VaultErrors
{
    /// <summary>No answer, or none that is of use, after all repetitions.</summary>
    public static StingException Unreachable(Uri address, string request, string cause, Exception? inner) => new("VaultUnreachable", FailureKind.Io,
        $"Vault at {Show(address)} does not answer {request}: {cause}.", Show(address),
        "Check the address, that the server runs, is unsealed and has an active node, and that this host may reach its port; then run it again.", inner);

    /// <summary>The connection could not be secured.</summary>
    public static StingException TlsFailed(Uri address, string cause, Exception? inner) => new("VaultTlsFailed", FailureKind.Io,
        $"The certificate of Vault at {Show(address)} is not trusted, or TLS with it failed: {cause}.", Show(address),
        "Name the PEM file of the authority that signed the server's certificate, and reach the server by a name that its certificate carries.", inner);

    /// <summary>The file of trusted authorities is of no use.</summary>
    public static StingException AuthoritiesUnreadable(string file, string cause, Exception? inner) => new("VaultTlsFailed", FailureKind.InvalidConfiguration,
        $"The certificates in '{file}' cannot be read: {cause}.", file, "Name a file of PEM certificates that this user may read.", inner);

    /// <summary>Vault is sealed: nobody can read anything.</summary>
    public static StingException Sealed(Uri address, string request) => new("VaultSealed", FailureKind.Io,
        $"Vault at {Show(address)} is sealed; {request} was not done.", Show(address),
        "Unseal it (vault operator unseal, on each node, with as many key shares as its threshold says), then run it again.");

    /// <summary>The token is valid and has no right to this.</summary>
    /// <param name="address">The server.</param>
    /// <param name="path">API path without <c>/v1/</c>, as policies name it.</param>
    /// <param name="capability">The missing capability.</param>
    public static StingException Denied(Uri address, string path, string capability) => new("VaultDenied", FailureKind.PermissionDenied,
        $"Vault at {Show(address)} denies {capability} on {path}.", path,
        $"Add to a policy of the token: path \"{Glob(path)}\" {{ capabilities = [\"{capability}\"] }}. Where the policy has it already, the token was revoked meanwhile: log in anew.");

    /// <summary>No token could be got, or the one in use is no longer taken.</summary>
    public static StingException LoginFailed(Uri address, VaultLogin login, string cause, string remedy, Exception? inner = null) => new("VaultLoginFailed", FailureKind.Authentication,
        $"Vault at {Show(address)} does not accept {login.Description}: {cause}.", Show(address), remedy, inner);

    /// <summary>An answer that is not what the API documents.</summary>
    public static StingException AnswerUnknown(Uri address, string request, string what, Exception? inner = null) => new("VaultAnswerUnknown", FailureKind.Io,
        $"The answer of {Show(address)} to {request} is not understood: {what}.", Show(address),
        "Check that the address is a Vault or OpenBao server and not a proxy's page; if it is one, report it with the server's version.", inner);

    /// <summary>The server refuses what was asked.</summary>
    public static StingException Refused(Uri address, string request, int status, string said) => new("VaultRequestRefused", FailureKind.InvalidArgument,
        FormattableString.Invariant($"Vault at {Show(address)} refuses {request} with status {status}{(said.Length == 0 ? "" : $": {said}")}."), Show(address),
        status == 413 ? "Raise max_request_size of the server's listener above the size of the value (default 32 MiB), then run it again."
            : "Look at what the server says; its audit log holds the request.");

    /// <summary>There is no such mount, or it is of another kind.</summary>
    public static StingException MountMissing(Uri address, string mount, string what) => new("VaultMountMissing", FailureKind.NotFound,
        $"Vault at {Show(address)} has no KV version 2 mount '{mount}': {what}.", mount,
        "Check mount and namespace in the configuration (vault secrets list -detailed); a KV version 1 mount is upgraded by vault kv enable-versioning.");

    /// <summary>No transit engine is mounted there.</summary>
    public static StingException TransitMissing(Uri address, string mount) => new("VaultMountMissing", FailureKind.NotFound,
        $"Vault at {Show(address)} has no transit engine '{mount}': nothing is mounted there.", mount,
        $"Check mount and namespace in the configuration (vault secrets list), or mount it: vault secrets enable -path={mount} transit.");

    /// <summary>An address without user, password or query.</summary>
    public static string Show(Uri address) => address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    /// <summary>The policy line that a person would write: the mount's operation and first folder, not the single secret.</summary>
    private static string Glob(string path)
    {
        var parts = path.Split('/');
        return parts.Length > 3 && parts[0] != "sys" && parts[0] != "auth" ? $"{string.Join('/', parts[..3])}/*" : path;
    }
}
