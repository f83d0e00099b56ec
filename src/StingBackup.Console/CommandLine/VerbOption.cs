using System.Management.Automation;

namespace StingBackup.Console.CommandLine;

/// <summary>One option of a command: a parameter of its cmdlet under the program's name for it.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Parameter">The cmdlet's parameter.</param>
internal sealed record VerbOption(string Name, IReadOnlyList<string> Aliases, ParameterMetadata Parameter)
{
    // Set by options of every command, or of no use from outside PowerShell.
    private static readonly HashSet<string> Hidden = new(StringComparer.Ordinal) { "ConfigPath", "Passphrase", "WhatIf", "Confirm", "Force", "AsJob" };

    private Type Element => Value.IsArray ? Value.GetElementType()! : Value;
    private Type Value => Nullable.GetUnderlyingType(Parameter.ParameterType) ?? Parameter.ParameterType;

    /// <summary>True for a secret: it is the first line of the file that is named, and never stands on a command line, which every process of the host can read.</summary>
    public bool IsSecret => IsSecretType(Parameter);

    /// <summary>True for a switch, which takes no value.</summary>
    public bool IsSwitch => Parameter.SwitchParameter;

    /// <summary>True when it may be given more than once.</summary>
    public bool IsList => Value.IsArray;

    /// <summary>What it sets, in one line.</summary>
    public string Meaning => Parameter.ParameterSets.Values.Select(s => s.HelpMessage).FirstOrDefault(m => !string.IsNullOrEmpty(m)) ?? "";

    /// <summary>The only values that it takes, or null where it takes any.</summary>
    public IReadOnlyList<string>? Names => Element.IsEnum ? [.. Enum.GetNames(Element).Select(n => n.ToLowerInvariant())] : null;

    /// <summary>What stands after it in the help.</summary>
    public string Placeholder => IsSecret ? "FILE" : Names is { } names ? string.Join('|', names) : Name[(Name.LastIndexOf('-') + 1)..].ToUpperInvariant();

    /// <summary>The options of a command.</summary>
    public static IReadOnlyList<VerbOption> Of(Verb verb, CommandInfo command) =>
    [
        .. command.Parameters.Values
            .Where(p => !Cmdlet.CommonParameters.Contains(p.Name) && !Hidden.Contains(p.Name) && !verb.Fixed.ContainsKey(p.Name))
            .Select(p => IsSecretType(p) ? new VerbOption(Verb.Spell(p.Name) + "-file", [], p)
                : new VerbOption(verb.OptionOf(p.Name), [.. p.Aliases.Append(p.Name).Select(Verb.Spell).Where(a => a != verb.OptionOf(p.Name))], p))
            .OrderBy(o => o.Name, StringComparer.Ordinal),
    ];

    /// <summary>What the parameter takes for what was typed.</summary>
    /// <exception cref="UsageException">An enumeration has no such name.</exception>
    public object Convert(IReadOnlyList<string> typed)
    {
        if (Element.IsEnum)
        {
            var values = (IsList ? typed.SelectMany(t => t.Split(',')) : typed).Select(ToEnum).ToArray();
            return IsList ? values : values[0];
        }
        return IsList ? typed.ToArray() : typed[0];
    }

    private static bool IsSecretType(ParameterMetadata parameter) => parameter.ParameterType == typeof(System.Security.SecureString);

    private object ToEnum(string typed)
    {
        var names = Enum.GetNames(Element);
        var name = names.FirstOrDefault(n => n.Equals(typed.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase));
        return name is not null ? Enum.Parse(Element, name)
            : throw new UsageException($"'{typed}' is not a value of --{Name}.{Suggestion.For(typed, names.Select(n => n.ToLowerInvariant()))} It takes {Placeholder}.");
    }
}
