using System.Management.Automation;
using System.Text;

namespace StingBackup.HelpBuilder;

/// <summary>Brings a page up to the built module: syntax, parameters and types from the command, texts from the page.</summary>
internal static class PageRefresher
{
    private const string All = "(All)";
    private const int SyntaxWidth = 100;

    // What PlatyPS itself writes for the two that every state changer has.
    private static readonly Dictionary<string, string> StandardTexts = new(StringComparer.Ordinal)
    {
        ["Confirm"] = "Prompts you for confirmation before running the cmdlet.",
        ["WhatIf"] = "Runs the command in a mode that only reports what would happen without performing the actions.",
    };

    /// <summary>The page as it should be.</summary>
    /// <param name="command">A command of the built module.</param>
    /// <param name="old">The page as it is, or null for a new one.</param>
    public static CommandPage Refresh(CommandInfo command, CommandPage? old)
    {
        var texts = old?.Parameters.ToDictionary(p => p.Name, p => p.Description, StringComparer.Ordinal) ?? [];
        var outputs = old?.Outputs.ToDictionary(t => t.Name, t => t.Description, StringComparer.Ordinal) ?? [];
        return new CommandPage
        {
            Name = command.Name,
            Synopsis = old?.Synopsis ?? "{{ One sentence }}",
            Syntax = [.. command.ParameterSets.Select(s => new SyntaxForm(s.IsDefault && command.ParameterSets.Count > 1 ? $"{s.Name} (Default)" : s.Name, Wrap(command.Name, s)))],
            Description = old?.Description ?? "{{ What it does }}",
            Examples = old?.Examples ?? [new PageExample("Example 1", "{{ code }}", "{{ What it does }}")],
            Parameters = [.. command.ParameterSets.SelectMany(s => s.Parameters).DistinctBy(p => p.Name)
                .Where(p => !Cmdlet.CommonParameters.Contains(p.Name))
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select(p => Parameter(command, p, texts.GetValueOrDefault(p.Name) ?? StandardTexts.GetValueOrDefault(p.Name) ?? "{{ What it sets }}"))],
            Inputs = old?.Inputs ?? [],
            Outputs = [.. command.OutputType.Select(t => new PageType(t.Name, outputs.GetValueOrDefault(t.Name) ?? "{{ What it tells }}"))],
            Notes = old?.Notes ?? "",
            Links = old?.Links ?? [new PageLink("about_StingBackup", "about_StingBackup.md")],
        };
    }

    private static PageParameter Parameter(CommandInfo command, CommandParameterInfo parameter, string description)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var element = type.IsArray ? type.GetElementType()! : type;
        return new PageParameter
        {
            Name = parameter.Name,
            Description = description,
            Type = type.FullName!,
            DefaultValue = parameter.Attributes.OfType<PSDefaultValueAttribute>().FirstOrDefault()?.Help ?? "",
            SupportsWildcards = parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any(),
            Aliases = parameter.Aliases,
            ParameterSets = Sets(command, parameter.Name),
            DontShow = parameter.Attributes.OfType<ParameterAttribute>().Any(a => a.DontShow),
            AcceptedValues = element.IsEnum ? Enum.GetNames(element) : [.. parameter.Attributes.OfType<ValidateSetAttribute>().SelectMany(a => a.ValidValues)],
            HelpMessage = parameter.HelpMessage ?? "",
        };
    }

    private static List<PageParameterSet> Sets(CommandInfo command, string name)
    {
        var sets = command.ParameterSets
            .Select(s => (Set: s.Name, Parameter: s.Parameters.FirstOrDefault(p => p.Name == name)))
            .Where(s => s.Parameter is not null)
            .Select(s => new PageParameterSet(
                s.Set, s.Parameter!.Position < 0 ? "Named" : s.Parameter.Position.ToString(System.Globalization.CultureInfo.InvariantCulture), s.Parameter.IsMandatory,
                s.Parameter.ValueFromPipeline, s.Parameter.ValueFromPipelineByPropertyName, s.Parameter.ValueFromRemainingArguments))
            .ToList();
        return sets.Count == command.ParameterSets.Count && sets.DistinctBy(s => s with { Name = All }).Count() == 1 ? [sets[0] with { Name = All }] : sets;
    }

    private static string Wrap(string name, CommandParameterSetInfo set)
    {
        // A parameter and its value stay on one line.
        var words = $"{name} {set}".Replace(" <", "\u00a0<", StringComparison.Ordinal).Split(' ');
        var text = new StringBuilder();
        var column = 0;
        foreach (var word in words)
        {
            if (column > 0 && column + 1 + word.Length > SyntaxWidth)
            {
                text.Append("\n ");
                column = 1;
            }
            else if (column > 0)
            {
                text.Append(' ');
                column++;
            }
            text.Append(word);
            column += word.Length;
        }
        return text.Replace('\u00a0', ' ').ToString();
    }
}
