using System.Text;

namespace StingBackup.HelpBuilder;

/// <summary>Writes a page as Microsoft.PowerShell.PlatyPS 1.0 does, so that its cmdlets can read it too.</summary>
internal static class PageWriter
{
    private const string CommonParameters = """
        ### CommonParameters

        This cmdlet supports the common parameters: -Debug, -ErrorAction, -ErrorVariable,
        -InformationAction, -InformationVariable, -OutBuffer, -OutVariable, -PipelineVariable,
        -ProgressAction, -Verbose, -WarningAction, and -WarningVariable. For more information, see
        [about_CommonParameters](https://go.microsoft.com/fwlink/?LinkID=113216).
        """;

    /// <summary>The whole page.</summary>
    public static string Write(CommandPage page)
    {
        var text = new StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"""
            ---
            document type: cmdlet
            external help file: StingBackup.Cmdlets.dll-Help.xml
            HelpUri: ''
            Locale: en-US
            Module Name: StingBackup
            PlatyPS schema version: 2024-05-01
            title: {page.Name}
            ---

            # {page.Name}
            """);
        text.Append("\n\n");
        Section(text, "SYNOPSIS", [page.Synopsis]);
        Section(text, "SYNTAX", page.Syntax.Select(s => $"### {s.Title}\n\n```\n{s.Text}\n```"));
        Section(text, "DESCRIPTION", [page.Description]);
        Section(text, "EXAMPLES", page.Examples.Select(e => Join($"### {e.Title}", $"```powershell\n{e.Code}\n```", e.Remarks)));
        Section(text, "PARAMETERS", page.Parameters
            .Select(p => Join($"### -{p.Name}", p.Description, $"```yaml\n{PageYaml.WriteParameter(p)}\n```"))
            .Append(CommonParameters));
        Section(text, "INPUTS", page.Inputs.Select(t => Join($"### {t.Name}", t.Description)));
        Section(text, "OUTPUTS", page.Outputs.Select(t => Join($"### {t.Name}", t.Description)));
        Section(text, "NOTES", [page.Notes]);
        Section(text, "RELATED LINKS", [string.Join('\n', page.Links.Select(l => $"- [{l.Text}]({l.Target})"))]);
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Section(StringBuilder text, string title, IEnumerable<string> parts) =>
        text.Append(Join([$"## {title}", .. parts])).Append("\n\n");

    private static string Join(params IEnumerable<string> parts) => string.Join("\n\n", parts.Where(p => p.Length > 0));
}
