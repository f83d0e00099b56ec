using System.Globalization;

namespace StingBackup.Engine.Discovery;

/// <summary>What is known of STING's services: from containers, compose files, STING's own settings and its environment.</summary>
/// <param name="services">Containers, and compose's services that have none.</param>
/// <param name="settings">STING's config.yml, or null.</param>
/// <param name="environment">Its environment.</param>
/// <param name="variable">Variables of its files.</param>
internal sealed class ServiceBook(IReadOnlyList<ServiceFacts> services, ForeignYaml? settings, EnvironmentFiles environment, Func<string, string?> variable)
{
    // Names by which containers reach each other, or themselves: they say nothing of where a server is.
    private static readonly HashSet<string> Inner = new(StringComparer.OrdinalIgnoreCase) { "db", "postgres", "vault", "chroma", "localhost", "127.0.0.1", "::1", "0.0.0.0" };

    /// <summary>All of them.</summary>
    public IReadOnlyList<ServiceFacts> All => services;

    /// <summary>One by name, or null.</summary>
    public ServiceFacts? Find(string name) => services.FirstOrDefault(s => s.Name == name);

    /// <summary>A folder that one of these services has, the first that there is.</summary>
    public (ServiceFacts Service, MountFacts Mount)? Mount(string inside, params string[] names)
    {
        foreach (var service in names.Select(Find).OfType<ServiceFacts>())
        {
            if (service.Mounts.FirstOrDefault(m => m.Inside.TrimEnd('/') == inside) is { } mount)
            {
                return (service, mount);
            }
        }
        return null;
    }

    /// <summary>Host and port that STING's files give for a server which is none of its own containers; null where they name one of those, or nothing.</summary>
    /// <param name="section">The section of config.yml.</param>
    /// <param name="urlVariable">A variable with its URL, or null.</param>
    /// <param name="hostVariable">A variable with its host, or null.</param>
    public (string Host, int? Port, string Source)? Elsewhere(string section, string? urlVariable, string? hostVariable)
    {
        var url = urlVariable is null || !Uri.TryCreate(environment.Value(urlVariable), UriKind.Absolute, out var parsed) ? null : parsed;
        var said = hostVariable is null ? null : environment.Value(hostVariable);
        var configured = Expand(settings?.Text(section, "host"));
        var (host, port, source) = url is not null && !IsInner(url.DnsSafeHost) ? (url.DnsSafeHost, url.Port, urlVariable!)
            : said is not null && !IsInner(said) ? (said, Number(environment.Value("POSTGRES_PORT")), hostVariable!)
            : (configured, Number(Expand(settings?.Text(section, "port"))), "config.yml");
        return host is null || IsInner(host) ? null : host == "host.docker.internal" ? ("127.0.0.1", port, source) : (host, port, source);
    }

    /// <summary>The scheme of a server's URL, as STING's files have it.</summary>
    public string Scheme(string section, string urlVariable) =>
        Uri.TryCreate(environment.Value(urlVariable), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url!.Scheme
        : Expand(settings?.Text(section, "scheme")) is "https" ? "https" : "http";

    private string? Expand(string? text) => text is null ? null : Interpolation.Expand(text, variable) is { Length: > 0 } expanded ? expanded : null;

    private bool IsInner(string host) => Inner.Contains(host) || services.Any(s => s.Name == host || s.Container == host);

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536 ? number : null;
}
