using System.Text.RegularExpressions;

namespace StingBackup.Fixtures.Vault;

/// <summary>
/// Policies: paths with <c>*</c> at the end and <c>+</c> for a component, and capabilities. Which rule wins follows OpenBao internal/vault/policy/acl.go AllowOperation and
/// CheckAllowedFromNonExactPaths: the exact path, else the one whose first wildcard stands furthest right, one without <c>*</c> before one with it, fewer <c>+</c>, longer.
/// Parameters, wrapping limits and pagination limits are not there. Source of the syntax: developer.hashicorp.com/vault/docs/concepts/policies.
/// </summary>
internal sealed partial class StandInPolicy
{
    /// <summary>What Vault gives every token: internal/vault/policy_store.go defaultPolicy, as far as it is used here.</summary>
    public const string Default = """
        path "auth/token/lookup-self" { capabilities = ["read"] }
        path "auth/token/renew-self" { capabilities = ["update"] }
        path "auth/token/revoke-self" { capabilities = ["update"] }
        path "sys/wrapping/unwrap" { capabilities = ["update"] }
        """;

    private readonly List<(string Path, HashSet<string> Capabilities)> _rules;

    private StandInPolicy(List<(string, HashSet<string>)> rules) => _rules = rules;

    [GeneratedRegex(@"path\s+""(?<path>[^""]*)""\s*\{(?<body>[^}]*)\}", RegexOptions.Singleline)]
    private static partial Regex PathBlock();

    [GeneratedRegex(@"capabilities\s*=\s*\[(?<list>[^\]]*)\]", RegexOptions.Singleline)]
    private static partial Regex Capabilities();

    /// <summary>Reads the texts of several policies as one: rules of one path are united.</summary>
    public static StandInPolicy Parse(IEnumerable<string> texts)
    {
        var rules = texts.SelectMany(text => PathBlock().Matches(text)).Select(m => (Path: m.Groups["path"].Value.TrimStart('/'),
            Capabilities: Capabilities().Match(m.Groups["body"].Value).Groups["list"].Value.Split(',').Select(c => c.Trim().Trim('"')).Where(c => c.Length > 0)));
        return new StandInPolicy([.. rules.GroupBy(r => r.Path).Select(g => (g.Key, g.SelectMany(r => r.Capabilities).ToHashSet(StringComparer.Ordinal)))]);
    }

    public bool Allows(string path, string capability)
    {
        var found = Find(path);
        if (found is null && capability == "list")
        {
            found = Find(path.TrimEnd('/'));   // acl.go: a list is asked for with and without the slash at its end
        }
        return found is not null && !found.Contains("deny") && found.Contains(capability);
    }

    /// <summary>acl.go hasMountAccess: some rule gives something in the mount.</summary>
    public bool SeesMount(string mount) => _rules.Any(r => r.Capabilities.Count > 0 && !r.Capabilities.Contains("deny")
        && (r.Path.TrimEnd('*').StartsWith(mount, StringComparison.Ordinal) || (r.Path.EndsWith('*') && mount.StartsWith(r.Path.TrimEnd('*'), StringComparison.Ordinal))));

    private HashSet<string>? Find(string path)
    {
        if (_rules.FirstOrDefault(r => r.Path == path && !r.Path.EndsWith('*') && !r.Path.Contains('+', StringComparison.Ordinal)) is { Path: not null } exact)
        {
            return exact.Capabilities;
        }
        return _rules.Where(r => (r.Path.EndsWith('*') || r.Path.Contains('+', StringComparison.Ordinal)) && Matches(r.Path, path))
            .OrderBy(r => r.Path.IndexOfAny(['+', '*'])).ThenBy(r => r.Path.EndsWith('*') ? 0 : 1).ThenByDescending(r => r.Path.Count(c => c == '+')).ThenBy(r => r.Path.Length)
            .Select(r => r.Capabilities).LastOrDefault();
    }

    private static bool Matches(string rule, string path)
    {
        var isPrefix = rule.EndsWith('*');
        string[] wanted = rule.TrimEnd('*').Split('/'), parts = path.Split('/');
        if (parts.Length < wanted.Length || (!isPrefix && parts.Length != wanted.Length))
        {
            return false;
        }
        for (var i = 0; i < wanted.Length; i++)
        {
            var last = isPrefix && i == wanted.Length - 1;
            if (wanted[i] != "+" && (last ? !parts[i].StartsWith(wanted[i], StringComparison.Ordinal) : parts[i] != wanted[i]))
            {
                return false;
            }
        }
        return true;
    }
}
