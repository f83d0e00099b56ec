using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Discovery;

/// <summary>How an installation's folders stand in a reserve whose root is the installation's own folder: which further folders, which rules, what is left out.</summary>
internal sealed class ReserveLayout
{
    // Unseal key and root token: Vault's start-up script writes them wherever it can.
    private static readonly string[] VaultKeyFiles = [".vault-init.json", ".vault-auto-init.json", ".vault-backup*.json", "vault-init.json"];

    private readonly string _root;
    private readonly IHostView _host;
    private readonly List<FolderMount> _folders = [];
    private readonly List<ClassRule> _people = [], _secrets = [], _rest = [];
    private readonly List<string> _exclude = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal) { ReserveMounts.Vault.ToString(), ReserveMounts.PostgreSql.ToString(), "users" };

    public ReserveLayout(StingInstallation installation, string secretsFolder, IHostView host)
    {
        (_root, _host) = (installation.Path, host);
        // Vault's secrets stand at vault/ in the reserve, where the installation has a folder of its own: that one moves aside.
        Move(ReserveMounts.Vault.ToString(), "vault-files");
        Move(ReserveMounts.PostgreSql.ToString(), "postgresql-files");
        foreach (var place in installation.Places)
        {
            Take(place);
        }
        AddSecrets();
        if (PlaceBook.IsBelow(secretsFolder + "/x", _root))
        {
            foreach (var name in (string[])["pgpass", "vault-secret-id"])
            {
                _secrets.Add(new ClassRule($"/{Escape(Relative(secretsFolder + "/" + name))}", DataClass.Secrets, null));
            }
        }
        _rest.AddRange([new("conf/**", DataClass.Settings, null), new("kratos/**", DataClass.Settings, null), new("certs/**", DataClass.Settings, null), new("logs/**", DataClass.AuditLogs, null)]);
        _exclude.Add("/venv/");
    }

    /// <summary>Folders that lie elsewhere.</summary>
    public IReadOnlyList<FolderMount> Folders => _folders;

    /// <summary>People's folders first: what somebody uploads is never taken for a secret of the installation by its name.</summary>
    public IReadOnlyList<ClassRule> Rules => [.. _people, .. _secrets, .. _rest];

    /// <summary>What is left out, besides the default of reserve.exclude_system.</summary>
    public IReadOnlyList<string> Exclude => _exclude;

    private void Take(StingPlace place)
    {
        switch (place.Kind)
        {
            case StingPlaceKind.JarDocuments:
                var jars = At(place, "jars");
                Person(jars, DataClass.HoneyJars, "*/**", string.Create(CultureInfo.InvariantCulture, $"jar:{{{jars.Depth + 1}}}"));
                break;
            case StingPlaceKind.HoneyReserve:
                PersonAt(place, "honey-reserve", DataClass.UserFiles, 1);
                break;
            case StingPlaceKind.TempUploads:
                PersonAt(place, "temp-uploads", DataClass.TempFiles, 1);
                break;
            case StingPlaceKind.Archives:
                PersonAt(place, "archives", DataClass.UserFiles, 3);   // YYYY/MM/<user>
                break;
            case StingPlaceKind.AppUploads:
                Person(At(place, "app-uploads"), DataClass.UserFiles, "**", "path:UserFiles/app-uploads");
                break;
            case StingPlaceKind.KnowledgeData:
                _rest.Add(new ClassRule($"{Escape(At(place, "knowledge-data").Prefix)}/**", DataClass.Metadata, null));
                break;
            case StingPlaceKind.Logs when !PlaceBook.IsBelow(place.Path, _root):
                _rest.Add(new ClassRule($"{Escape(At(place, "container-logs").Prefix)}/**", DataClass.AuditLogs, null));
                break;
            case StingPlaceKind.SharedSettings:
                var shared = Escape(At(place, "shared-conf").Prefix);
                _secrets.AddRange([new($"{shared}/secrets/**", DataClass.Secrets, null), new($"{shared}/*.env", DataClass.Secrets, null)]);
                break;
            case StingPlaceKind.Certificates:
                AddCertificateKeys(Escape(At(place, "container-certs").Prefix));
                break;
            case StingPlaceKind.VaultKeys:
                _secrets.Add(new ClassRule($"{Escape(At(place, "vault-keys").Prefix)}/**", DataClass.Secrets, null));
                break;
            // Databases in use have sources of their own; a copy of their files would be torn.
            case StingPlaceKind.Embeddings or StingPlaceKind.VaultStorage or StingPlaceKind.DatabaseFiles or StingPlaceKind.LeftOut or StingPlaceKind.OldBackups:
                if (PlaceBook.IsBelow(place.Path, _root))
                {
                    _exclude.Add($"/{Escape(Relative(place.Path))}/");
                }
                break;
        }
    }

    private void PersonAt(StingPlace place, string name, DataClass dataClass, int level)
    {
        var at = At(place, name);
        Person(at, dataClass, string.Concat(Enumerable.Repeat("*/", level)) + "**", string.Create(CultureInfo.InvariantCulture, $"user:{{{at.Depth + level}}}"));
    }

    private void Person((string Prefix, int Depth) at, DataClass dataClass, string below, string subject) => _people.Add(new ClassRule($"{Escape(at.Prefix)}/{below}", dataClass, subject));

    private void AddSecrets()
    {
        _secrets.AddRange(VaultKeyFiles.Select(n => new ClassRule(n, DataClass.Secrets, null)));
        // STING writes each service's environment to conf as well, and passwords into the generated kratos.yml.
        foreach (var glob in (string[])["env/**", "conf/secrets/**", "conf/*.env", "/.env", "kratos/kratos.yml"])
        {
            _secrets.Add(new ClassRule(glob, DataClass.Secrets, null));
        }
        AddCertificateKeys("certs");
    }

    private void AddCertificateKeys(string prefix) =>
        _secrets.AddRange([new($"{prefix}/**/*.{{key,p12,pfx}}", DataClass.Secrets, null), new($"{prefix}/**/*key*.pem", DataClass.Secrets, null)]);

    /// <summary>The path at which a place stands in the reserve, and of how many components that is: its own below the installation, else a name that is free.</summary>
    private (string Prefix, int Depth) At(StingPlace place, string name)
    {
        if (PlaceBook.IsBelow(place.Path, _root))
        {
            var relative = Relative(place.Path);
            return (relative, relative.Count('/') + 1);
        }
        var free = FreeName(name);
        _folders.Add(new FolderMount(free, place.Path));
        return (free, 1);
    }

    private void Move(string name, string to)
    {
        var path = Path.Join(_root, name);
        if (_host.DirectoryExists(path))
        {
            _exclude.Add($"/{name}/");
            _folders.Add(new FolderMount(FreeName(to), path));
        }
    }

    private string FreeName(string wanted)
    {
        var name = wanted;
        for (var n = 2; !_names.Add(name) || _host.DirectoryExists(Path.Join(_root, name)) || _host.FileExists(Path.Join(_root, name)); n++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}-{n}");
        }
        return name;
    }

    private string Relative(string path) => path[(_root.TrimEnd('/').Length + 1)..];

    private static string Escape(string path) => string.Concat(path.Select(c => c is '*' or '?' or '[' or ']' or '{' or '}' or ',' or '\\' ? $"\\{c}" : c.ToString()));
}
