using System.Text.Json;
using System.Text.Json.Nodes;

namespace StingBackup.Packager.Bom;

/// <summary>A <c>.deps.json</c>, in which the build tells what it made a program of.</summary>
/// <param name="Path">The file.</param>
internal sealed record DepsFile(string Path)
{
    private const string RuntimePack = "runtimepack.";
    private static readonly string[] Kinds = ["runtime", "native", "runtimeTargets"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>The parts.</summary>
    /// <param name="packages">Where packages of the registry lie.</param>
    public IReadOnlyList<Component> Components(PackageFolder packages)
    {
        var root = Read();
        var libraries = root["libraries"]!.AsObject();
        var components = new List<Component>();
        var program = System.IO.Path.GetFileName(Path).Replace(".deps.json", "", StringComparison.Ordinal);
        foreach (var (key, described) in Target(root))
        {
            var slash = key.LastIndexOf('/');
            var (name, version) = (key[..slash], key[(slash + 1)..]);
            var library = libraries[key]!;
            var type = (string?)library["type"];
            var found = new Component(name.StartsWith(RuntimePack, StringComparison.Ordinal) ? name[RuntimePack.Length..] : name, version)
            {
                Files = [.. Files(described!.AsObject()).Concat(Unlisted(name, program)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                Needs = [.. described["dependencies"]?.AsObject().Select(d => d.Key) ?? []],
                Sha512 = (string?)library["sha512"] is { Length: > 0 } hash ? Convert.ToHexStringLower(Convert.FromBase64String(hash[(hash.IndexOf('-', StringComparison.Ordinal) + 1)..])) : "",
                IsOwn = type is "project" or "reference",
            };
            components.Add(found.IsOwn ? found with { Licence = "Apache-2.0", Copyright = "The StingBackup authors" } : packages.Describe(found));
        }
        return components;
    }

    /// <summary>Takes systems out that a package does not serve.</summary>
    /// <param name="serves">By the name of .NET for a system.</param>
    public void Keep(Func<string, bool> serves)
    {
        var root = Read();
        foreach (var (_, described) in Target(root))
        {
            if (described!["runtimeTargets"] is JsonObject targets)
            {
                foreach (var path in targets.Where(t => !serves((string)t.Value!["rid"]!)).Select(t => t.Key).ToList())
                {
                    targets.Remove(path);
                }
            }
        }
        File.WriteAllText(Path, root.ToJsonString(Indented) + "\n");
    }

    private JsonObject Read() => JsonNode.Parse(File.ReadAllText(Path))!.AsObject();

    // The one that is for a system, where there is one beside the general.
    private static JsonObject Target(JsonObject root) => root["targets"]!.AsObject().MaxBy(t => t.Key.Length).Value!.AsObject();

    // What starts a program is .NET's; the native code of all libraries together is named after the program.
    private static IEnumerable<string> Unlisted(string name, string program) =>
        name.StartsWith(RuntimePack + "Microsoft.NETCore.App", StringComparison.Ordinal) ? [program] : name == program ? [$"{program}.r2r.dll"] : [];

    private static IEnumerable<string> Files(JsonObject described) =>
        Kinds.SelectMany(kind => described[kind]?.AsObject().Select(f => System.IO.Path.GetFileName(f.Key)) ?? []);
}
