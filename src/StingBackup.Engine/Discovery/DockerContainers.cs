using System.Globalization;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Discovery;

/// <summary>Containers of one STING installation, read from <c>docker inspect</c>. Their environment, which holds passwords, is passed over.</summary>
internal static class DockerContainers
{
    private const string ServiceLabel = "com.docker.compose.service", ProjectLabel = "com.docker.compose.project", FolderLabel = "com.docker.compose.project.working_dir";

    // What STING's own compose files call their containers; the service's name follows.
    private const string Prefix = "sting-ce-";

    /// <summary>The containers of the installation in a folder.</summary>
    /// <exception cref="DockerException">Docker gave no answer that can be read.</exception>
    public static async Task<IReadOnlyList<ServiceFacts>> OfAsync(string folder, DockerCommand docker, IHostView host, GapList gaps, CancellationToken cancel)
    {
        var ids = Encoding.UTF8.GetString(await docker.RunAsync(["ps", "--all", "--quiet", "--no-trunc"], cancel).ConfigureAwait(false))
            .Split(['\n', '\r', ' '], StringSplitOptions.RemoveEmptyEntries);
        if (ids.Length == 0)
        {
            return [];
        }
        var answer = await docker.RunAsync(["inspect", "--type", "container", .. ids], cancel).ConfigureAwait(false);
        try
        {
            using var json = JsonDocument.Parse(answer);
            var all = json.RootElement.EnumerateArray().Select(Read).ToList();
            return [.. Choose(all, folder, host, gaps).Select(c => c.Facts)];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new DockerException("'docker inspect' answered something else than a list of containers", e);
        }
    }

    /// <summary>Those that compose started in this folder; else those with STING's names, where they are of one project.</summary>
    private static List<Container> Choose(List<Container> all, string folder, IHostView host, GapList gaps)
    {
        var real = host.RealPath(folder);
        var projects = all.Where(c => c.Folder is { } f && host.RealPath(Path.TrimEndingDirectorySeparator(f)) == real).Select(c => c.Project).Distinct().ToList();
        // Compose may have been told its folder otherwise; who has the installation's folder mounted belongs to it too.
        projects = projects.Count > 0 ? projects : [.. all.Where(c => c.Facts.Mounts.Any(m => m.Volume is null && host.RealPath(m.Path) == real)).Select(c => c.Project).Distinct()];
        var mine = projects.Count > 0 ? all.Where(c => projects.Contains(c.Project)).ToList() : [.. all.Where(c => c.Facts.Container!.StartsWith(Prefix, StringComparison.Ordinal))];
        if (mine.Select(c => c.Project).Distinct().Skip(1).Any() || mine.GroupBy(c => c.Facts.Name).Any(g => g.Skip(1).Any()))
        {
            gaps.Add("containers", $"several projects on this host look like this installation: {string.Join(", ", mine.Select(c => c.Project ?? "none").Distinct())}; none was used",
                "Start STING with docker compose from its own folder, so that its containers name it, or remove what is left of another one.");
            return [];
        }
        return mine;
    }

    private static Container Read(JsonElement container)
    {
        var name = container.GetProperty("Name").GetString()!.TrimStart('/');
        var labels = Child(Child(container, "Config"), "Labels");
        var service = Text(labels, ServiceLabel) ?? (name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name);
        var network = Child(container, "NetworkSettings");
        var facts = new ServiceFacts(service, name, $"container {name}")
        {
            Image = Text(Child(container, "Config"), "Image"),
            Mounts = [.. Items(container, "Mounts").Where(m => Text(m, "Type") is "volume" or "bind" && Text(m, "Source") is not null && Text(m, "Destination") is not null)
                .Select(m => new MountFacts(Text(m, "Destination")!, Text(m, "Source")!, Text(m, "Type") == "volume" ? Text(m, "Name") : null))],
            Ports = [.. Entries(network, "Ports").SelectMany(p => ReadPort(p.Name, p.Value))],
            Address = Entries(network, "Networks").Select(n => Text(n.Value, "IPAddress")).FirstOrDefault(a => !string.IsNullOrEmpty(a)),
        };
        return new Container(facts, Text(labels, ProjectLabel), Text(labels, FolderLabel));
    }

    private static IEnumerable<PortFacts> ReadPort(string inside, JsonElement bindings)
    {
        if (!inside.EndsWith("/tcp", StringComparison.Ordinal) || !int.TryParse(inside.AsSpan(0, inside.Length - 4), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || bindings.ValueKind != JsonValueKind.Array)
        {
            yield break;
        }
        foreach (var binding in bindings.EnumerateArray())
        {
            if (int.TryParse(Text(binding, "HostPort"), NumberStyles.None, CultureInfo.InvariantCulture, out var hostPort) && hostPort > 0)
            {
                yield return new PortFacts(port, Text(binding, "HostIp") ?? "", hostPort);
            }
        }
    }

    private static JsonElement Child(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child) ? child : default;

    private static string? Text(JsonElement element, string name) => Child(element, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static List<JsonElement> Items(JsonElement element, string name) => Child(element, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];

    private static List<JsonProperty> Entries(JsonElement element, string name) => Child(element, name) is { ValueKind: JsonValueKind.Object } map ? [.. map.EnumerateObject()] : [];

    private sealed record Container(ServiceFacts Facts, string? Project, string? Folder);
}
