using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using StingBackup.Packager.Layout;

namespace StingBackup.Packager.Bom;

/// <summary>What a package is made of: as CycloneDX, and as notices for people.</summary>
internal sealed class BillOfMaterials
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<Component> _parts;
    private readonly PackageFolder _packages;

    /// <summary>Of the parts of several programs, each once.</summary>
    public BillOfMaterials(IEnumerable<Component> parts, PackageFolder packages)
    {
        _packages = packages;
        _parts = [.. parts.GroupBy(p => (p.Name, p.Version)).Select(g => g.First() with { Files = [.. g.SelectMany(p => p.Files).Distinct().Order(StringComparer.Ordinal)] })];
        _parts.AddRange(Component.Carried.Where(c => _parts.Any(p => p.Name == c.Within)).Select(c => c with { Texts = [packages.Shared(c.Licence)] }));
        _parts.Sort((a, b) => string.CompareOrdinal(a.Purl, b.Purl));
    }

    /// <summary>The parts.</summary>
    public IReadOnlyList<Component> Parts => _parts;

    /// <summary>Sees that each library and program of a package is of a part that stands here.</summary>
    /// <exception cref="PackageException">One is of nobody.</exception>
    public void RequireWhole(FileTree tree)
    {
        var known = _parts.SelectMany(p => p.Files).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var strangers = tree.Files.Where(f => f.Source is not null && IsCode(f)).Select(f => Path.GetFileName(f.Path)).Where(n => !known.Contains(n)).Distinct().ToList();
        if (strangers.Count > 0)
        {
            throw new PackageException($"No part in the bill of materials brings {string.Join(", ", strangers)}.");
        }
    }

    /// <summary>As CycloneDX 1.6.</summary>
    /// <param name="product">What the whole is called.</param>
    /// <param name="version">Its version.</param>
    /// <param name="date">When its sources were as they are.</param>
    public string ToCycloneDx(string product, string version, DateTimeOffset date)
    {
        var bom = new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = "",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["timestamp"] = date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                ["component"] = new JsonObject
                {
                    ["type"] = "application", ["bom-ref"] = $"{product}@{version}", ["name"] = product, ["version"] = version, ["licenses"] = Licences("Apache-2.0"),
                },
            },
            ["components"] = new JsonArray([.. _parts.Select(ToJson)]),
            ["dependencies"] = new JsonArray([
                Needs($"{product}@{version}", _parts.Where(p => p.IsOwn).Select(p => p.Purl)),
                .. _parts.Select(p => Needs(p.Purl, _parts.Where(o => p.Needs.Contains(o.Name) || o.Within == p.Name).Select(o => o.Purl))),
            ]),
        };
        // The same content has the same number, and another has another.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(bom.ToJsonString()));
        hash[6] = (byte)(hash[6] & 0x0F | 0x80);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        bom["serialNumber"] = $"urn:uuid:{new Guid(hash.AsSpan(0, 16), bigEndian: true)}";
        return bom.ToJsonString(Indented) + "\n";
    }

    /// <summary>Whose the parts are, and every licence's text once.</summary>
    public string ToNotices(string product)
    {
        var foreign = _parts.Where(p => !p.IsOwn).ToList();
        var texts = foreign.SelectMany(p => p.Texts.DefaultIfEmpty("").Select(t => (Part: p, Text: t))).GroupBy(t => t.Text, StringComparer.Ordinal).ToList();
        var page = new StringBuilder($"{product} is under the Apache License 2.0 (LICENSE). It holds these parts of others:\n\n");
        foreach (var part in foreign)
        {
            page.Append(CultureInfo.InvariantCulture, $"* {part.Name} {part.Version}{(part.Within is null ? "" : $", in {part.Within}")}: {part.Licence}. {part.Copyright}\n");
        }
        foreach (var text in texts)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n{new string('-', 80)}\nOf {string.Join(", ", text.Select(t => $"{t.Part.Name} {t.Part.Version}"))}:\n\n{text.Key}");
        }
        return page.ToString();
    }

    private static bool IsCode(PackedItem item) => Path.GetExtension(item.Path) is ".dll" or ".so" or ".dylib" or ".exe" or ".a"
        || Path.GetExtension(item.Path).Length == 0 && item.Mode.HasFlag(UnixFileMode.UserExecute);

    private static JsonObject ToJson(Component part)
    {
        var json = new JsonObject { ["type"] = "library", ["bom-ref"] = part.Purl, ["name"] = part.Name, ["version"] = part.Version };
        if (part.Sha512.Length > 0)
        {
            json["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = part.Sha512 });
        }
        json["licenses"] = Licences(part.Licence);
        json["copyright"] = part.Copyright;
        json["purl"] = part.Purl;
        if (part.Site.Length > 0)
        {
            json["externalReferences"] = new JsonArray(new JsonObject { ["type"] = "website", ["url"] = part.Site });
        }
        json["properties"] = new JsonArray([.. part.Files.Select(f => new JsonObject { ["name"] = "sting:file", ["value"] = f })]);
        return json;
    }

    private static JsonArray Licences(string expression) => new(new JsonObject { ["expression"] = expression });

    private static JsonObject Needs(string of, IEnumerable<string> needs) =>
        new() { ["ref"] = of, ["dependsOn"] = new JsonArray([.. needs.Order(StringComparer.Ordinal).Select(n => JsonValue.Create(n))]) };
}
