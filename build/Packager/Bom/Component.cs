namespace StingBackup.Packager.Bom;

/// <summary>One part of a package that has a maker, a version and a licence of its own.</summary>
/// <param name="Name">Its name at its registry.</param>
/// <param name="Version">Its version.</param>
internal sealed record Component(string Name, string Version)
{
    /// <summary>Its licence, as SPDX writes it.</summary>
    public string Licence { get; init; } = "";
    /// <summary>Whose it is.</summary>
    public string Copyright { get; init; } = "";
    /// <summary>Where its makers are.</summary>
    public string Site { get; init; } = "";
    /// <summary>SHA-512 of what the registry gave, in hexadecimal; empty where it came with another part.</summary>
    public string Sha512 { get; init; } = "";
    /// <summary>Names of the files that it brings.</summary>
    public IReadOnlyCollection<string> Files { get; init; } = [];
    /// <summary>What it needs, by name.</summary>
    public IReadOnlyCollection<string> Needs { get; init; } = [];
    /// <summary>Texts of licences and notices that lie beside it.</summary>
    public IReadOnlyList<string> Texts { get; init; } = [];
    /// <summary>The part that carries it, where it is no package of a registry itself.</summary>
    public string? Within { get; init; }
    /// <summary>Whether it is ours.</summary>
    public bool IsOwn { get; init; }

    /// <summary>How a bill of materials names it.</summary>
    public string Purl => Within is null && !IsOwn ? $"pkg:nuget/{Name}@{Version}" : $"pkg:generic/{Name.ToLowerInvariant()}@{Version}";

    /// <summary>What libraries carry in them, and no list of packages tells.</summary>
    public static IReadOnlyList<Component> Carried { get; } =
    [
        new("SQLite", "3") { Licence = "blessing", Site = "https://sqlite.org", Copyright = "In the public domain", Within = "SQLitePCLRaw.lib.e_sqlite3" },
        new("Zstandard", "1.5.7") { Licence = "BSD-3-Clause", Site = "https://facebook.github.io/zstd", Copyright = "Copyright (c) Meta Platforms, Inc. and affiliates", Within = "ZstdNet" },
        new("Roboto", "2.138") { Licence = "Apache-2.0", Site = "https://fonts.google.com/specimen/Roboto", Copyright = "Copyright 2011 Google Inc.", Within = "StingBackup.Engine" },
    ];
}
