using System.Globalization;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace StingBackup.Module.Tests.Hosting;

/// <summary>A fact that holds in every culture: it runs in the invariant one, in one with decimal commas, and in one where the capital of i is not I.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("StingBackup.Module.Tests.Hosting.CulturedFactDiscoverer", "StingBackup.Module.Tests")]
public sealed class CulturedFactAttribute : FactAttribute;

/// <summary>Makes one test case for each culture.</summary>
public sealed class CulturedFactDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    private static readonly string[] Cultures = ["", "de-DE", "tr-TR"];

    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        Cultures.Select(c => new CulturedTestCase(diagnostics, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, c));
}

/// <summary>A test in one culture.</summary>
public sealed class CulturedTestCase : XunitTestCase
{
    private string _culture = "";

    /// <summary>For the framework, which fills it afterwards.</summary>
    [Obsolete("Only for deserialization.", error: true)]
    public CulturedTestCase()
    {
    }

    /// <summary>Makes one.</summary>
    public CulturedTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, string culture)
        : base(diagnostics, display, options, method)
    {
        _culture = culture;
        DisplayName += Suffix;
    }

    private string Suffix => _culture.Length == 0 ? "" : $" [{_culture}]";

    /// <inheritdoc/>
    protected override string GetUniqueID() => $"{base.GetUniqueID()}{Suffix}";

    /// <inheritdoc/>
    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue("Culture", _culture);
    }

    /// <inheritdoc/>
    public override void Deserialize(IXunitSerializationInfo data)
    {
        _culture = data.GetValue<string>("Culture");
        base.Deserialize(data);
        DisplayName += Suffix;
    }

    /// <inheritdoc/>
    public override async Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        // Flows with the asynchronous context, so other tests that run beside this one keep theirs.
        var culture = CultureInfo.GetCultureInfo(_culture);
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
        return await base.RunAsync(diagnosticMessageSink, messageBus, constructorArguments, aggregator, cancellationTokenSource);
    }
}
