using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Vault;

/// <summary>
/// The token in use: got at the first request, renewed when two thirds of its lease are gone, got anew where the login can be repeated and the old one is no longer
/// taken. Safe to call from many threads; one of them logs in, the others wait.
/// </summary>
/// <remarks>HTTP takes headers as strings, so a token in use is one string, made once a login and let go with it; what a login is made from stays in zeroed memory.</remarks>
internal sealed class VaultSession(VaultTransport transport, VaultLogin login, TimeProvider clock) : IDisposable
{
    /// <summary>A token that Vault vouched for within this time is not doubted again.</summary>
    private static readonly TimeSpan Trusted = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Token? _token;

    private Uri Address => transport.Address;

    private bool CanRepeat => login is not VaultTokenLogin;

    /// <summary>A token to send.</summary>
    /// <exception cref="StingException"><c>VaultLoginFailed</c>, <c>VaultUnreachable</c>, <c>VaultSealed</c></exception>
    public async ValueTask<string> TokenAsync(CancellationToken cancel)
    {
        var token = Volatile.Read(ref _token);
        if (token is not null && clock.GetUtcNow() < token.RenewAt)
        {
            return token.Header;
        }
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            token = _token;
            if (token is null || clock.GetUtcNow() >= token.RenewAt)
            {
                _token = token = token is null ? await LogInAsync(cancel).ConfigureAwait(false) : await RenewAsync(token, cancel).ConfigureAwait(false);
            }
            return token.Header;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Vault said 403 to a token: finds out whether the token is at fault, and gets another where that can be done.</summary>
    /// <param name="refused">The token that was sent.</param>
    /// <param name="said">What Vault said.</param>
    /// <param name="cancel">Cancels.</param>
    /// <returns>True when another token is in use by now: try again. False when the token is good and has no right.</returns>
    /// <exception cref="StingException"><c>VaultLoginFailed</c> when the token is no longer taken and cannot be replaced.</exception>
    public async ValueTask<bool> RecoverAsync(string refused, string said, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            if (_token is not { } token || token.Header != refused)
            {
                return true;
            }
            var now = clock.GetUtcNow();
            var standing = now - token.VouchedAt < Trusted && !SaysInvalid(said) ? Standing.Good : await StandingOfAsync(refused, said, cancel).ConfigureAwait(false);
            if (standing == Standing.Good)
            {
                token.VouchedAt = now;
                return false;
            }
            if (!CanRepeat)
            {
                return standing == Standing.Unclear ? false : throw NoLonger();
            }
            // Where the server does not tell a bad token from a missing right, one that was got just now is believed.
            if (standing == Standing.Unclear && now - token.IssuedAt < Trusted)
            {
                return false;
            }
            _token = null;
            _token = await LogInAsync(cancel).ConfigureAwait(false);
            return _token.Header != refused ? true : throw NoLonger();
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _gate.Dispose();
        login.Dispose();
    }

    private enum Standing { Good, Bad, Unclear }

    /// <summary>Vault says "permission denied" alone, or "invalid token", to a bad token, and counts errors for a missing right; OpenBao says the same to both.</summary>
    private static bool SaysInvalid(string said) => said == "permission denied" || said.Contains("invalid token", StringComparison.Ordinal) || said.Contains("bad token", StringComparison.Ordinal);

    private async Task<Standing> StandingOfAsync(string token, string said, CancellationToken cancel)
    {
        if (SaysInvalid(said))
        {
            return Standing.Bad;
        }
        var answer = await transport.SendAsync(LookUp, token, cancel).ConfigureAwait(false);
        return answer.Status == 200 ? Standing.Good : SaysInvalid(answer.Said) ? Standing.Bad : Standing.Unclear;
    }

    private async Task<Token> LogInAsync(CancellationToken cancel) => login switch
    {
        VaultTokenLogin given => await TakeAsync(given.Token.ToArray(), cancel).ConfigureAwait(false),
        VaultTokenFileLogin file => await TakeAsync(await ReadFileAsync(file.Path, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false),
        VaultAppRoleLogin role => await LogInAsync(role, cancel).ConfigureAwait(false),
        VaultKubernetesLogin account => await LogInAsync(account, cancel).ConfigureAwait(false),
        VaultNoLogin none => throw VaultErrors.LoginFailed(Address, login, "nothing to log in with is configured", none.Remedy),
        _ => throw new NotSupportedException(login.Description),
    };

    /// <summary>Takes a token that somebody else got, and asks Vault how long it lives.</summary>
    private async Task<Token> TakeAsync(byte[] bytes, CancellationToken cancel)
    {
        var header = Encoding.UTF8.GetString(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        if (header.Length == 0 || header.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw VaultErrors.LoginFailed(Address, login, "it is empty or holds characters that no token has", "Give the token alone, as vault token create -field=token prints it.");
        }
        var answer = await transport.SendAsync(LookUp, header, cancel).ConfigureAwait(false);
        if (answer.Status == 403 && !SaysInvalid(answer.Said))
        {
            return Token.Of(header, TimeSpan.Zero, false, clock.GetUtcNow());   // no right to look itself up: how long it lives shows when it ends
        }
        if (answer.Status != 200)
        {
            throw answer.Status == 403 ? NoLonger()
                : answer.Status == 404 ? VaultErrors.LoginFailed(Address, login, "there is no such namespace, or the server is no Vault", "Check namespace and address in the configuration.")
                : VaultErrors.AnswerUnknown(Address, LookUp.ToString(), answer.Show());
        }
        using var json = VaultJson.Parse(Address, LookUp, answer);
        var data = VaultJson.Property(json.RootElement, "data");
        return Token.Of(header, TimeSpan.FromSeconds(VaultJson.Long(data, "ttl")), VaultJson.Flag(data, "renewable"), clock.GetUtcNow());
    }

    private async Task<Token> LogInAsync(VaultAppRoleLogin role, CancellationToken cancel)
    {
        var secretId = role.SecretIdFile is { } file ? await ReadFileAsync(file, cancel).ConfigureAwait(false) : role.SecretId.ToArray();
        using var body = LoginBody("role_id"u8, role.RoleId, "secret_id"u8, secretId);
        CryptographicOperations.ZeroMemory(secretId);
        // 400 and 403 mean the same: role id or secret id is wrong, expired, used up, or bound to another address.
        return await LogInAsync(role.Mount, "approle", body, "the role id or the secret id is wrong, expired, used up or bound to another host",
            "Make a new secret id (vault write -f auth/approle/role/<role>/secret-id) and put it where the configuration says.", cancel).ConfigureAwait(false);
    }

    /// <summary>Source: vault-plugin-auth-kubernetes, path_login.go: role and jwt; 400 for an unknown role, 403 for a service account that the role does not name or Kubernetes does not vouch for.</summary>
    private async Task<Token> LogInAsync(VaultKubernetesLogin account, CancellationToken cancel)
    {
        var jwt = await ReadFileAsync(account.TokenFile, cancel).ConfigureAwait(false);
        using var body = LoginBody("role"u8, account.Role, "jwt"u8, jwt);
        CryptographicOperations.ZeroMemory(jwt);
        return await LogInAsync(account.Mount, "kubernetes", body, "there is no such role, or the service account's token is expired or not one of those that the role names",
            $"Check the role (vault read auth/{account.Mount}/role/{account.Role}): bound service accounts, their namespaces and the audience.", cancel).ConfigureAwait(false);
    }

    private async Task<Token> LogInAsync(string mount, string method, SecretBytes body, string refused, string remedy, CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Post, $"auth/{VaultJson.EscapePath(mount)}/login") { Body = body.Array, IsLogin = true, Capability = "create" };
        var answer = await transport.SendAsync(request, null, cancel).ConfigureAwait(false);
        try
        {
            if (answer.Status == 404)
            {
                throw VaultErrors.LoginFailed(Address, login, $"there is no auth method at auth/{mount}", $"Enable it (vault auth enable {method}), or correct where it is mounted.");
            }
            return answer.Status == 200 ? FromAuth(request, answer, null) : throw VaultErrors.LoginFailed(Address, login, FormattableString.Invariant($"status {answer.Status}: {refused}"), remedy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer.Bytes);
        }
    }

    /// <summary>Renews a token; where that fails or gives next to nothing, logs in anew if the login can be repeated.</summary>
    private async Task<Token> RenewAsync(Token token, CancellationToken cancel)
    {
        if (token.Renewable)
        {
            var request = new VaultRequest(HttpMethod.Post, "auth/token/renew-self") { Body = "{}"u8.ToArray(), Capability = "update" };
            var answer = await transport.SendAsync(request, token.Header, cancel).ConfigureAwait(false);
            if (answer.Status == 200)
            {
                var renewed = FromAuth(request, answer, token);
                CryptographicOperations.ZeroMemory(answer.Bytes);
                // Near its maximal age a token is given less and less: a new one is better than to ask over and over.
                if (!CanRepeat || renewed.Lease == TimeSpan.Zero || renewed.Lease > token.FirstLease / 3)
                {
                    return renewed;
                }
            }
        }
        if (CanRepeat)
        {
            return await LogInAsync(cancel).ConfigureAwait(false);
        }
        return clock.GetUtcNow() < token.ExpiresAt ? token.UntilItEnds() : throw NoLonger();
    }

    private Token FromAuth(VaultRequest request, VaultAnswer answer, Token? before)
    {
        using var json = VaultJson.Parse(Address, request, answer);
        var auth = VaultJson.Property(json.RootElement, "auth");
        var header = auth.ValueKind == JsonValueKind.Object && auth.TryGetProperty("client_token", out var token) ? token.GetString() : null;
        if (string.IsNullOrEmpty(header))
        {
            throw VaultErrors.AnswerUnknown(Address, request.ToString(), "it holds no token");
        }
        var made = Token.Of(header, TimeSpan.FromSeconds(VaultJson.Long(auth, "lease_duration")), VaultJson.Flag(auth, "renewable"), clock.GetUtcNow());
        return before is null ? made : made with { FirstLease = before.FirstLease, IssuedAt = before.IssuedAt };
    }

    private async Task<byte[]> ReadFileAsync(string path, CancellationToken cancel)
    {
        try
        {
            var bytes = await File.ReadAllBytesAsync(path, cancel).ConfigureAwait(false);
            var trimmed = bytes.AsSpan().Trim(" \t\r\n"u8).ToArray();
            CryptographicOperations.ZeroMemory(bytes);
            return trimmed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw VaultErrors.LoginFailed(Address, login, $"'{path}' cannot be read: {e.Message.TrimEnd('.')}", "Put the file there and give the account that runs this the right to read it.", e);
        }
    }

    private static SecretBytes LoginBody(ReadOnlySpan<byte> nameField, string name, ReadOnlySpan<byte> secretField, ReadOnlySpan<byte> secret)
    {
        var buffer = new ArrayBufferWriter<byte>(name.Length * 6 + secret.Length * 6 + 64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString(nameField, name);
            if (secret.Length > 0)
            {
                json.WriteString(secretField, secret);
            }
            json.WriteEndObject();
        }
        var body = SecretBytes.CopyOf(buffer.WrittenSpan);
        buffer.Clear();
        return body;
    }

    private StingException NoLonger() => VaultErrors.LoginFailed(Address, login, "the token is wrong, expired or revoked",
        "Give a valid token, or log in by AppRole or Kubernetes, which get a new one by themselves.");

    private static VaultRequest LookUp => new(HttpMethod.Get, "auth/token/lookup-self");

    /// <summary>A token and its lease; a lease of zero never ends.</summary>
    private sealed record Token(string Header, TimeSpan Lease, bool Renewable, DateTimeOffset ExpiresAt, DateTimeOffset RenewAt)
    {
        public TimeSpan FirstLease { get; init; } = Lease;
        public DateTimeOffset IssuedAt { get; init; }
        /// <summary>When Vault last showed that it takes it; written under the gate alone.</summary>
        public DateTimeOffset VouchedAt { get; set; }

        public static Token Of(string header, TimeSpan lease, bool renewable, DateTimeOffset now) => new(header, lease, renewable,
            lease == TimeSpan.Zero ? DateTimeOffset.MaxValue : now + lease, lease == TimeSpan.Zero ? DateTimeOffset.MaxValue : now + (lease * 2 / 3)) { IssuedAt = now };

        public Token UntilItEnds() => this with { RenewAt = ExpiresAt, Renewable = false };

        public override string ToString() => $"token with a lease of {Lease}";
    }
}
