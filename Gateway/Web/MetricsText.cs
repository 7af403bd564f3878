using System.Globalization;
using System.Text;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Web;

/// <summary>Prometheus' text format: the samples of one name stand together, below its HELP and TYPE.</summary>
internal sealed class MetricsText
{
    private readonly Dictionary<string, StringBuilder> _families = [];
    private readonly List<string> _order = [];

    /// <summary>What goes up and down.</summary>
    internal void Gauge(string name, string help, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Add("gauge", name, help, value, labels);

    /// <summary>What only goes up.</summary>
    internal void Counter(string name, string help, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Add("counter", name, help, value, labels);

    /// <summary>How often something took no longer than each of these limits, how often in all, and for how long in all.</summary>
    internal void Histogram(string name, string help, ReadOnlySpan<(double Limit, long Count)> limits, long count, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        foreach (var (limit, within) in limits)
            Add("histogram", name, help, within, [.. labels, ("le", limit.ToString("R", CultureInfo.InvariantCulture))], "_bucket");
        Add("histogram", name, help, count, [.. labels, ("le", "+Inf")], "_bucket");
        Add("histogram", name, help, sum, labels, "_sum");
        Add("histogram", name, help, count, labels, "_count");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Concat(_order.Select(name => _families[name]));

    private void Add(string type, string name, string help, double value, ReadOnlySpan<(string Name, string Value)> labels, string suffix = "")
    {
        if (!_families.TryGetValue(name, out var family))
        {
            _order.Add(name);
            _families[name] = family = new StringBuilder($"# HELP {name} {help}\n# TYPE {name} {type}\n");
        }
        family.Append(name).Append(suffix);
        for (var i = 0; i < labels.Length; i++)
            family.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        if (labels.Length > 0)
            family.Append('}');
        family.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escaped(string text) => Printable.Of(text).Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
