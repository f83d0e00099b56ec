using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using Table = StingBackup.Engine.Reserve.Configuration.Settings;

namespace StingBackup.Engine.Discovery;

/// <summary>The settings that protect an installation, worked out from what was found of it. The same installation gives the same settings.</summary>
public sealed class ProposedConfiguration
{
    // An AppRole's id may be chosen, and is no secret: so the configuration is whole before the role is made.
    private const string VaultRole = "sting-backup";

    private readonly List<(Setting Setting, object Value, string Reason)> _settings = [];
    private readonly List<string> _tasks = [];

    private ProposedConfiguration()
    {
    }

    /// <summary>The settings, for people.</summary>
    public IReadOnlyList<ProposedSetting> Settings =>
        [.. _settings.Select(s => new ProposedSetting(s.Setting.Key, s.Setting.WriteItems(s.Value) is { } items ? string.Join('\n', items.Select(i => $"- {i}")) : s.Setting.Write(s.Value), s.Reason))];

    /// <summary>What an administrator must do before the first run. Names files of secrets; none is made here.</summary>
    public IReadOnlyList<string> Tasks => _tasks;

    /// <summary>Works them out.</summary>
    /// <param name="installation">What was found.</param>
    /// <param name="configurationFile">Where the configuration will stand; files of secrets are named beside it.</param>
    /// <param name="host">Says which names are taken in the installation's folder.</param>
    public static ProposedConfiguration Of(StingInstallation installation, string configurationFile, IHostView host)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(configurationFile);
        var proposed = new ProposedConfiguration();
        var secrets = Path.GetDirectoryName(configurationFile)!;
        var layout = new ReserveLayout(installation, secrets, host);
        proposed.Add(Table.ReservePath, installation.Path, "STING's folder");
        proposed.Add(SourceSettings.Folders, layout.Folders, "volumes and folders that lie elsewhere");
        proposed.Add(Table.Rules, layout.Rules, "whose files these are, and of which class");
        proposed.Add(Table.Exclude, layout.Exclude, "databases in use, models, and what stands in the reserve under another name");
        proposed.AddDatabase(installation.Database, Path.Join(secrets, "pgpass"));
        proposed.AddVault(installation.Vault, Path.Join(secrets, "vault-secret-id"));
        proposed.AddChroma(installation);
        return proposed;
    }

    /// <summary>Puts the settings into a new configuration, and what is still to be done as notes at its head.</summary>
    internal void ApplyTo(ConfigurationWriter writer)
    {
        foreach (var (setting, value, _) in _settings)
        {
            writer.SetValue(setting, value);
        }
        foreach (var task in _tasks)
        {
            writer.Note($"To do before the first run: {task}");
        }
    }

    private void AddDatabase(StingServer? server, string passFile)
    {
        if (server is null)
        {
            return;
        }
        Add(SourceSettings.PostgresHost, server.Host, server.Source);
        Add(SourceSettings.PostgresPort, server.Port, server.Source);
        Add(SourceSettings.PostgresUser, SourceSettings.PostgresUser.Default, "a role of its own, which only reads");
        Add(SourceSettings.PostgresPassFile, passFile, "the role's password; the file is still to be made");
        if (server.Container is { } container)
        {
            Add(SourceSettings.PostgresContainer, container, "has pg_dump of the server's version");
        }
        _tasks.Add(string.Create(CultureInfo.InvariantCulture,
            $"make the role {SourceSettings.PostgresUser.Default} in PostgreSQL (LOGIN, member of pg_read_all_data), and write the line {EscapeHost(server.Host)}:{server.Port}:*:{SourceSettings.PostgresUser.Default}:PASSWORD into {passFile}, mode 0600."));
    }

    private void AddVault(StingServer? server, string secretIdFile)
    {
        if (server is null)
        {
            return;
        }
        Add(SourceSettings.VaultAddress, server.Address, server.Source);
        Add(SourceSettings.VaultRoleId, VaultRole, "an AppRole of its own, which only reads; still to be made");
        Add(SourceSettings.VaultSecretIdFile, secretIdFile, "the role's secret id; the file is still to be made");
        _tasks.Add($"in Vault write the policy for backups, make an AppRole with it whose role id is {VaultRole}, and write a secret id of it into {secretIdFile}, mode 0600 (docs/operations.md); or use vault.token_file instead.");
    }

    private void AddChroma(StingInstallation installation)
    {
        if (installation.Chroma is { } server)
        {
            Add(ChromaSourceSettings.Address, server.Address, server.Source);
        }
        if (installation.Places.FirstOrDefault(p => p.Kind == StingPlaceKind.Embeddings) is { } folder)
        {
            Add(ChromaSourceSettings.Path, folder.Path, folder.Source);
        }
    }

    private void Add<T>(Setting<T> setting, T value, string reason)
    {
        if (value is not null and not System.Collections.ICollection { Count: 0 })
        {
            _settings.Add((setting, value, reason));
        }
    }

    /// <summary>A colon would end the host in a file of passwords.</summary>
    private static string EscapeHost(string host) => host.Replace(":", "\\:", StringComparison.Ordinal);
}
