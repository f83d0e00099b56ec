using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>Where an installation's data lies on this host.</summary>
internal sealed class PlaceBook(string folder, IHostView host, GapList gaps)
{
    private static readonly string[] WithLogs = ["app", "knowledge", "vault", "kratos", "chatbot"];
    private static readonly string[] WithCertificates = ["app", "frontend", "report-worker", "profile-sync-worker"];

    private readonly List<StingPlace> _places = [];
    private readonly List<(string Source, string Path, string Inside)> _absent = [];

    /// <summary>All that was found, by kind.</summary>
    public IReadOnlyList<StingPlace> All => [.. _places.OrderBy(p => p.Kind).ThenBy(p => p.Path, StringComparer.Ordinal)];

    /// <summary>Looks for all of it.</summary>
    public void AddAll(ServiceBook services, ForeignYaml? settings, Func<string, string?> variable)
    {
        AddFolder(StingPlaceKind.Settings, Path.Join(folder, "conf"), "the installation's folder");
        AddFolder(StingPlaceKind.Secrets, Path.Join(folder, "env"), "the installation's folder");
        AddFolder(StingPlaceKind.Logs, Path.Join(folder, "logs"), "the installation's folder");

        AddNeeded(StingPlaceKind.JarDocuments, "documents of honey jars", services.Mount("/tmp/sting_uploads", "knowledge"), "Add the folder to reserve.folders, at: jars.");
        AddNeeded(StingPlaceKind.Embeddings, "Chroma's folder", services.Mount("/chroma/chroma", "chroma") ?? services.Mount("/data", "chroma"), "Without it document chunks and their vectors are not backed up.");
        AddMount(StingPlaceKind.AppUploads, services.Mount("/tmp/sting_uploads", "app"));
        AddMount(StingPlaceKind.KnowledgeData, services.Mount("/app/data", "knowledge"));
        AddMount(StingPlaceKind.Logs, services.Mount("/var/log/sting", WithLogs));
        AddMount(StingPlaceKind.SharedSettings, services.Mount("/app/conf", "vault", "utils", "db"));
        AddMount(StingPlaceKind.Certificates, services.Mount("/app/certs", WithCertificates) ?? services.Mount("/etc/certs", "kratos"));
        AddMount(StingPlaceKind.VaultKeys, services.Mount("/vault/persistent", "vault"));
        AddMount(StingPlaceKind.VaultStorage, services.Mount("/vault/file", "vault"));
        AddMount(StingPlaceKind.DatabaseFiles, services.Mount("/var/lib/postgresql/data", "db"));
        foreach (var service in services.All.Where(s => s.Name is "redis" or "mailpit" or "mailslurper" || s.Name.StartsWith("llm", StringComparison.Ordinal)))
        {
            foreach (var mount in service.Mounts.Where(m => m.Volume is null && IsBelow(m.Path, folder) && host.DirectoryExists(m.Path)))
            {
                Add(StingPlaceKind.LeftOut, mount.Path, service.Source);
            }
        }
        AddDocumented(settings, variable);
        foreach (var group in _absent.GroupBy(a => a.Source))
        {
            gaps.Add("volumes", $"{group.Key} names folders that are not on this host: {string.Join("; ", group.Select(a => $"{a.Path} ({a.Inside})"))}",
                "Where Docker runs in a virtual machine (Docker Desktop), mount a folder of the host in their place, or back up within that machine; where Docker did not answer, see that it does.");
        }
    }

    /// <summary>The layout on disk that STING's documents and maintenance scripts describe; an installation may have none of it.</summary>
    private void AddDocumented(ForeignYaml? settings, Func<string, string?> variable)
    {
        foreach (var (kind, key, name) in new[] { (StingPlaceKind.HoneyReserve, "primary", "honey-reserve"), (StingPlaceKind.TempUploads, "temp_uploads", "temp-uploads"), (StingPlaceKind.Archives, "archives", "archives") })
        {
            if (settings?.Text("honey_reserve", "storage_paths", key) is { } configured)
            {
                AddFolder(kind, Absolute(Interpolation.Expand(configured, variable)), "config.yml");
            }
            AddFolder(kind, Path.Join(folder, name), "the installation's folder");
            AddFolder(kind, $"/var/sting/{name}", "the layout that STING documents");
        }
        if (settings?.Text("backup", "default_directory") is { } backups)
        {
            AddFolder(StingPlaceKind.OldBackups, Absolute(Interpolation.Expand(backups, variable)), "config.yml");
        }
        AddFolder(StingPlaceKind.OldBackups, Path.Join(folder, "backups"), "the installation's folder");
        var models = settings?.Text("application", "models_dir") is { } said ? Absolute(Interpolation.Expand(said, variable)) : null;
        if (models is not null && IsBelow(models, folder))
        {
            AddFolder(StingPlaceKind.LeftOut, models, "config.yml");
        }
    }

    /// <summary>Whether a path lies below a folder; the folder itself does not.</summary>
    public static bool IsBelow(string path, string folder) => path.StartsWith(folder.EndsWith('/') ? folder : folder + "/", StringComparison.Ordinal);

    private string Absolute(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path is ['~', '/', ..] ? Path.Join(host.HomeDirectory, path[1..]) : path, folder));

    private void AddFolder(StingPlaceKind kind, string path, string source)
    {
        if (host.DirectoryExists(path))
        {
            Add(kind, path, source);
        }
    }

    private void AddNeeded(StingPlaceKind kind, string what, (ServiceFacts Service, MountFacts Mount)? found, string remedy)
    {
        if (found is null)
        {
            gaps.Add(what, "neither a container nor a compose file tells where they lie", $"Run this where Docker answers, while STING runs. {remedy}");
            return;
        }
        AddMount(kind, found);
    }

    private void AddMount(StingPlaceKind kind, (ServiceFacts Service, MountFacts Mount)? found)
    {
        if (found is not { } known || (known.Mount.Volume is null && kind is StingPlaceKind.SharedSettings or StingPlaceKind.Logs && IsBelow(known.Mount.Path, folder)))
        {
            return;   // A folder of the installation is there already, under its own name.
        }
        var (service, mount) = known;
        var source = mount.Volume is null ? service.Source : $"{service.Source}, volume {mount.Volume}";
        if (host.DirectoryExists(mount.Path) || IsHidden(mount.Path))
        {
            Add(kind, mount.Path, source);
        }
        else if (!IsOnlyTold(kind))
        {
            _absent.Add((service.Source.StartsWith("container ", StringComparison.Ordinal) ? "Docker" : service.Source, mount.Path, $"{mount.Inside} of {service.Name}"));
        }
    }

    private void Add(StingPlaceKind kind, string path, string source)
    {
        if (_places.Any(p => host.RealPath(p.Path) == host.RealPath(path)))
        {
            return;   // Two services share one volume, or two documents one folder.
        }
        var isReadable = host.CanRead(path);
        if (!isReadable && !IsOnlyTold(kind))
        {
            gaps.Add($"{path}", "this user may not read it", "Run backups as root, or give their account the right to read it (setfacl -R -m u:ACCOUNT:rX, with a default entry for what comes later).");
        }
        _places.Add(new StingPlace(kind, path, source, isReadable));
    }

    /// <summary>What is told and never read.</summary>
    private static bool IsOnlyTold(StingPlaceKind kind) => kind is StingPlaceKind.DatabaseFiles or StingPlaceKind.VaultStorage or StingPlaceKind.LeftOut;

    /// <summary>Whether a path cannot be seen because a folder above it is closed to this user, as Docker's is to all but root.</summary>
    private bool IsHidden(string path)
    {
        for (var above = Path.GetDirectoryName(path); above is not null; above = Path.GetDirectoryName(above))
        {
            if (host.DirectoryExists(above))
            {
                return !host.CanRead(above);
            }
        }
        return false;
    }
}
