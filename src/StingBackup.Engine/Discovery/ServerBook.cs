using System.Globalization;

namespace StingBackup.Engine.Discovery;

/// <summary>By which address this host reaches STING's servers.</summary>
internal sealed class ServerBook(ServiceBook services, GapList gaps)
{
    /// <summary>PostgreSQL.</summary>
    public StingServer? Database() => Find("PostgreSQL", "db", 5432, services.Elsewhere("database", null, "POSTGRES_HOST"));

    /// <summary>Vault.</summary>
    public StingServer? Vault() => Find("Vault", "vault", 8200, services.Elsewhere("vault", "VAULT_ADDR", null)) is { } server ? server with { Scheme = services.Scheme("vault", "VAULT_ADDR") } : null;

    /// <summary>Chroma.</summary>
    public StingServer? Chroma() => Find("Chroma", "chroma", 8000, services.Elsewhere("chroma", "CHROMA_URL", null)) is { } server ? server with { Scheme = services.Scheme("chroma", "CHROMA_URL") } : null;

    private StingServer? Find(string what, string name, int port, (string Host, int? Port, string Source)? elsewhere)
    {
        if (elsewhere is { } other)
        {
            return new StingServer(other.Host, other.Port ?? port, null, other.Source);
        }
        var publish = string.Create(CultureInfo.InvariantCulture, $"Publish its port to this host alone (ports: [\"127.0.0.1:{port}:{port}\"] in the compose file)");
        if (services.Find(name) is not { } service)
        {
            gaps.Add(what, $"neither a container nor a compose file nor config.yml tells where it is (service {name})", $"Set its address in the configuration by hand; without it nothing of {what} is backed up.");
            return null;
        }
        if (service.Ports.FirstOrDefault(p => p.Inside == port) is { } published)
        {
            return new StingServer(published.HostAddress is "" or "0.0.0.0" or "::" ? "127.0.0.1" : published.HostAddress, published.HostPort, service.Container, $"{service.Source}, published port");
        }
        if (service.Address is { } address)
        {
            gaps.Add($"{what}'s port", $"{service.Source} publishes none; {address} is its address among containers, and another one after it is made anew", $"{publish}, or run this again after STING was updated.");
            return new StingServer(address, port, service.Container, $"{service.Source}, its own address");
        }
        gaps.Add(what, $"{service.Source} publishes no port for the service {name}, and Docker tells no address of it", $"{publish}, or run this where Docker answers, while STING runs.");
        return null;
    }
}
