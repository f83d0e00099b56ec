using System.Text.Json;

namespace StingBackup.Engine.Vault;

/// <summary>What a server says of itself, without login.</summary>
/// <param name="Version">Its version, such as <c>1.13.3</c>.</param>
/// <param name="Initialized">False before its first start is completed.</param>
/// <param name="Sealed">True when it can read nothing.</param>
/// <param name="Standby">True when another node of its cluster does the work.</param>
public sealed record VaultHealth(string Version, bool Initialized, bool Sealed, bool Standby);

/// <summary>
/// A client of HashiCorp Vault and of OpenBao, which speaks the same HTTP API: login, renewal, namespaces, TLS, repetition. Safe to call from many threads.
/// What the mounts offer stands in classes of its own (<see cref="VaultKv"/>), which send through this one.
/// </summary>
/// <remarks>Source: the HTTP API of Vault, developer.hashicorp.com/vault/api-docs, and of OpenBao, openbao.org/api-docs.</remarks>
public sealed class VaultClient : IDisposable
{
    private readonly VaultTransport _transport;
    private readonly VaultSession _session;

    /// <summary>Makes one; nothing is sent before the first request. Takes the login over.</summary>
    /// <exception cref="StingException"><c>VaultTlsFailed</c> when the file of trusted authorities is of no use.</exception>
    public VaultClient(VaultOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallel, 1);
        Address = options.Address;
        Parallel = options.Parallel;
        _transport = new VaultTransport(options, clock);
        _session = new VaultSession(_transport, options.Login, clock);
    }

    /// <summary>The server.</summary>
    public Uri Address { get; }

    /// <summary>Requests under way at once.</summary>
    public int Parallel { get; }

    /// <summary>Asks how the server is. A sealed or standby server is an answer here, no failure.</summary>
    /// <exception cref="StingException"><c>VaultUnreachable</c>, <c>VaultTlsFailed</c>, <c>VaultAnswerUnknown</c></exception>
    public async Task<VaultHealth> ReadHealthAsync(CancellationToken cancel)
    {
        var request = new VaultRequest(HttpMethod.Get, "sys/health?sealedcode=200&standbycode=200&uninitcode=200&drsecondarycode=200&performancestandbycode=200");
        var answer = await _transport.SendAsync(request, null, cancel).ConfigureAwait(false);
        if (answer.Status != 200)
        {
            throw VaultErrors.AnswerUnknown(Address, request.ToString(), answer.Show());
        }
        using var json = VaultJson.Parse(Address, request, answer);
        var root = json.RootElement;
        return new VaultHealth(VaultJson.Text(root, "version"), VaultJson.Flag(root, "initialized"), VaultJson.Flag(root, "sealed"), VaultJson.Flag(root, "standby"));
    }

    /// <summary>Logs in, so that a wrong token or secret id shows before anything is begun.</summary>
    /// <exception cref="StingException"><c>VaultLoginFailed</c>, <c>VaultUnreachable</c>, <c>VaultTlsFailed</c>, <c>VaultSealed</c></exception>
    public async Task LogInAsync(CancellationToken cancel) => await _session.TokenAsync(cancel).ConfigureAwait(false);

    /// <summary>Sends with a token; a token that is no longer taken is replaced once, where the login allows.</summary>
    /// <returns>Any answer but 401, 403, 429, 5xx: what 404 and 400 mean, the caller knows.</returns>
    internal async Task<VaultAnswer> SendAsync(VaultRequest request, CancellationToken cancel)
    {
        for (var again = false; ; again = true)
        {
            var token = await _session.TokenAsync(cancel).ConfigureAwait(false);
            var answer = await _transport.SendAsync(request, token, cancel).ConfigureAwait(false);
            if (answer.Status is not (401 or 403))
            {
                return answer;
            }
            if (again || !await _session.RecoverAsync(token, answer.Said, cancel).ConfigureAwait(false))
            {
                throw VaultErrors.Denied(Address, request.PolicyPath, request.Capability);
            }
        }
    }

    /// <summary>Sends, takes 200 and 204 for success, null for 404, and anything else for a refusal.</summary>
    internal async Task<VaultAnswer?> SendOrNullAsync(VaultRequest request, CancellationToken cancel)
    {
        var answer = await SendAsync(request, cancel).ConfigureAwait(false);
        return answer.Status switch
        {
            200 or 204 => answer,
            404 => null,
            _ => throw Refused(request, answer),
        };
    }

    internal StingException Refused(VaultRequest request, VaultAnswer answer) => VaultErrors.Refused(Address, request.ToString(), answer.Status, answer.Said);

    internal JsonDocument Parse(VaultRequest request, VaultAnswer answer) => VaultJson.Parse(Address, request, answer);

    internal StingException NotUnderstood(VaultRequest request, string what) => VaultErrors.AnswerUnknown(Address, request.ToString(), what);

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _transport.Dispose();
    }
}
