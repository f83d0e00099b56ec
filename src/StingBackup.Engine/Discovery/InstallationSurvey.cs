using System.Text;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>Looks at one installation: its files, and its containers where Docker answers.</summary>
internal sealed class InstallationSurvey(string folder, IHostView host)
{
    private readonly GapList _gaps = new();
    private readonly EnvironmentFiles _environment = EnvironmentFiles.Read(folder, host);

    /// <summary>Looks.</summary>
    /// <param name="docker">The command, or null where there is none or it may not be asked.</param>
    /// <param name="mayAsk">Whether Docker might have been asked.</param>
    /// <param name="cancel">Cancels.</param>
    public async Task<StingInstallation> RunAsync(DockerCommand? docker, bool mayAsk, CancellationToken cancel)
    {
        var settingsFile = Path.Join(folder, "conf", "config.yml");
        var settings = ForeignYaml.Read(settingsFile, host, _gaps);
        var compose = ComposeProject.Read(folder, Variable, host, _gaps);
        var (answer, containers) = docker is null ? (mayAsk ? DockerAnswer.Missing : DockerAnswer.NotAsked, []) : await AskAsync(docker, cancel).ConfigureAwait(false);
        TellOfDocker(answer);
        // A container that runs knows better than the file that it may have been made from.
        var services = new ServiceBook([.. containers, .. compose.Where(s => containers.All(c => c.Name != s.Name))], settings, _environment, Variable);
        var places = new PlaceBook(folder, host, _gaps);
        places.AddAll(services, settings, Variable);
        var servers = new ServerBook(services, _gaps);
        foreach (var file in _environment.Unreadable)
        {
            _gaps.Add(Path.GetRelativePath(folder, file), $"{file} may not be read by this user", "Run this as a user that may read it, such as root.");
        }
        return new StingInstallation
        {
            Path = folder, Version = VersionOf(services), SettingsFile = settings is null ? null : settingsFile, Docker = answer,
            Database = servers.Database(), DatabaseUser = _environment.Value("POSTGRES_USER") ?? settings?.Text("database", "user"), Vault = servers.Vault(), Chroma = servers.Chroma(),
            HasMasterKey = LookForMasterKey(), Places = places.All, NotFound = _gaps.All,
        };
    }

    /// <summary>What compose and STING's configuration put in for a variable. INSTALL_DIR is where we look, whatever a container calls it.</summary>
    private string? Variable(string name) => name == "INSTALL_DIR" ? folder : name == "HOME" ? host.HomeDirectory : _environment.Value(name);

    private async Task<(DockerAnswer Answer, IReadOnlyList<ServiceFacts> Containers)> AskAsync(DockerCommand docker, CancellationToken cancel)
    {
        try
        {
            var containers = await DockerContainers.OfAsync(folder, docker, host, _gaps, cancel).ConfigureAwait(false);
            return (containers.Count == 0 ? DockerAnswer.NoContainer : DockerAnswer.Answered, containers);
        }
        catch (DockerException e)
        {
            _gaps.Add("Docker", $"docker gave no answer: {e.Message.TrimEnd('.')}", "Run this as root or as a member of the group docker, and see that the daemon runs; else volumes and ports are taken from the compose file.");
            return (DockerAnswer.Failed, []);
        }
    }

    private void TellOfDocker(DockerAnswer answer)
    {
        switch (answer)
        {
            case DockerAnswer.Missing:
                _gaps.Add("Docker", "there is no docker command on the path", "Where STING runs in containers of this host, run this with docker on the path; else volumes and ports are taken from the compose file.");
                break;
            case DockerAnswer.NoContainer:
                _gaps.Add("containers", $"Docker has none that belongs to {folder}", "Start STING (manage_sting.sh start), then run this again; until then volumes and ports are taken from the compose file.");
                break;
        }
    }

    private bool? LookForMasterKey()
    {
        if (_environment.IsSet(EnvironmentFiles.MasterKey))
        {
            return true;
        }
        var env = Path.Join(folder, "env");
        if (_environment.Unreadable.Any(f => f.EndsWith("app.env", StringComparison.Ordinal)) || (host.DirectoryExists(env) && !host.CanRead(env)))
        {
            return null;
        }
        _gaps.Add("master key", $"{EnvironmentFiles.MasterKey} is not set in env/app.env", "Where STING encrypts people's files, find the key that it uses: without it restored files do not open. Backups are complete without it.");
        return false;
    }

    private string? VersionOf(ServiceBook services)
    {
        var file = Path.Join(folder, "VERSION");
        try
        {
            if (host.FileExists(file) && IsVersion(Encoding.UTF8.GetString(host.ReadFile(file)).Trim()) is { } said)
            {
                return said;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _gaps.Add("version", $"{file} cannot be read: {e.Message}", "Run this as a user that may read it.");
        }
        var image = services.Find("app")?.Image;
        return IsVersion(_environment.Value("STING_VERSION")) ?? (image?.LastIndexOf(':') is { } colon and > 0 ? IsVersion(image[(colon + 1)..]) : null);
    }

    private static string? IsVersion(string? text) =>
        text is { Length: > 0 and <= 40 } && text != "latest" && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+' or '_') ? text : null;
}
