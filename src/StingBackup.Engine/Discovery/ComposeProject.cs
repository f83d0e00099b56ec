using System.Globalization;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Reserve;
using YamlDotNet.RepresentationModel;

namespace StingBackup.Engine.Discovery;

/// <summary>The services of an installation as its compose files tell them, for where Docker does not answer.</summary>
internal sealed class ComposeProject
{
    private static readonly string[] Names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

    private readonly Dictionary<string, ServiceFacts> _services = new(StringComparer.Ordinal);
    private readonly string _folder;
    private readonly Func<string, string?> _variable;
    private readonly IHostView _host;

    private ComposeProject(string folder, Func<string, string?> variable, IHostView host) => (_folder, _variable, _host) = (folder, variable, host);

    /// <summary>Its services; none where there is no compose file, which is told.</summary>
    public static IReadOnlyCollection<ServiceFacts> Read(string folder, Func<string, string?> variable, IHostView host, GapList gaps)
    {
        var project = new ComposeProject(folder, variable, host);
        var paths = project.Files().ToList();
        if (paths.Count == 0)
        {
            gaps.Add("docker-compose.yml", $"there is none in {folder}", "Give the folder that STING was installed to; without it services are known only where Docker answers.");
        }
        foreach (var path in paths)
        {
            if (ForeignYaml.Read(path, host, gaps) is { } file)
            {
                project.Take(file, Path.GetFileName(path));
            }
        }
        return project._services.Values;
    }

    /// <summary>The files that compose itself would take, in its order.</summary>
    private IEnumerable<string> Files()
    {
        if (_variable("COMPOSE_FILE") is { Length: > 0 } named)
        {
            return named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(f => Path.GetFullPath(f, _folder)).Where(_host.FileExists);
        }
        var first = Names.Select(n => Path.Join(_folder, n)).FirstOrDefault(_host.FileExists);
        return first is null ? [] : new[] { first, Path.ChangeExtension(first, "override" + Path.GetExtension(first)) }.Where(_host.FileExists);
    }

    private void Take(ForeignYaml file, string source)
    {
        var projectName = _variable("COMPOSE_PROJECT_NAME") is { Length: > 0 } named ? named : Text(file.Text("name")) ?? ProjectNameOf(_folder);
        var volumes = file.Entries("volumes").ToDictionary(v => v.Key, v => VolumeOf(v.Key, v.Value, projectName), StringComparer.Ordinal);
        foreach (var (name, service) in file.Entries("services"))
        {
            var known = _services.GetValueOrDefault(name) ?? new ServiceFacts(name, null, source);
            var mounts = ForeignYaml.Items(service, "volumes").Select(v => MountOf(v, volumes)).OfType<MountFacts>().ToList();
            _services[name] = known with
            {
                Container = Text(ForeignYaml.Text(service, "container_name")) ?? known.Container, Image = Text(ForeignYaml.Text(service, "image")) ?? known.Image, Source = source,
                Mounts = [.. known.Mounts.Where(m => mounts.TrueForAll(n => n.Inside != m.Inside)), .. mounts],
                Ports = [.. known.Ports, .. ForeignYaml.Items(service, "ports").Select(PortOf).OfType<PortFacts>()],
            };
        }
    }

    private string? Text(string? text) => text is null ? null : Interpolation.Expand(text, _variable);

    private (string Name, string Path) VolumeOf(string key, YamlNode volume, string projectName)
    {
        var isExternal = ForeignYaml.Text(volume, "external") is "true" or "yes" or "on";
        var name = Text(ForeignYaml.Text(volume, "name")) ?? (isExternal ? key : $"{projectName}_{key}");
        var device = ForeignYaml.Text(volume, "driver_opts", "type") == "none" ? Text(ForeignYaml.Text(volume, "driver_opts", "device")) : null;
        return (name, device ?? Path.Join(DockerRoot(), "volumes", name, "_data"));
    }

    private MountFacts? MountOf(YamlNode volume, Dictionary<string, (string Name, string Path)> volumes)
    {
        var (source, inside) = ForeignYaml.Text(volume) is { } text ? Split(Text(text)!) : (Text(ForeignYaml.Text(volume, "source")), Text(ForeignYaml.Text(volume, "target")));
        return source is null || inside is null ? null
            : volumes.TryGetValue(source, out var known) ? new MountFacts(inside, known.Path, known.Name)
            : source is ['/' or '.' or '~', ..] ? new MountFacts(inside, Path.TrimEndingDirectorySeparator(source[0] == '~' ? Path.Join(_host.HomeDirectory, source[1..]) : Path.GetFullPath(source, _folder)), null)
            : null;

        static (string?, string?) Split(string text) => text.Split(':') is [var from, var to, ..] ? (from, to) : (null, null);
    }

    private PortFacts? PortOf(YamlNode port)
    {
        if (ForeignYaml.Text(port) is not { } text)
        {
            return Number(Text(ForeignYaml.Text(port, "target"))) is { } target && Number(Text(ForeignYaml.Text(port, "published"))) is { } published
                ? new PortFacts(target, Text(ForeignYaml.Text(port, "host_ip")) ?? "", published) : null;
        }
        var parts = Text(text)!.Split('/')[0];
        var last = parts.LastIndexOf(':');
        var middle = last < 1 ? -1 : parts.LastIndexOf(':', last - 1);
        return last > 0 && Number(parts[(last + 1)..]) is { } inside && Number(parts[(middle + 1)..last]) is { } outside
            ? new PortFacts(inside, middle < 0 ? "" : parts[..middle].Trim('[', ']'), outside) : null;
    }

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536 ? number : null;

    /// <summary>What compose makes of a folder's name.</summary>
    private static string ProjectNameOf(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)).ToLowerInvariant();
        return string.Concat(name.Where(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-')).TrimStart('_', '-');
    }

    /// <summary>Where Docker keeps its volumes.</summary>
    private string DockerRoot()
    {
        const string settings = "/etc/docker/daemon.json", usual = "/var/lib/docker";
        try
        {
            if (!_host.FileExists(settings))
            {
                return usual;
            }
            using var json = JsonDocument.Parse(Encoding.UTF8.GetString(_host.ReadFile(settings)));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("data-root", out var root) && root.GetString() is { Length: > 0 } path ? path : usual;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return usual;
        }
    }
}
