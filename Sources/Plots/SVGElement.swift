/// An element of SVG or HTML with its attributes and what is in it; whatever texts it holds, it is written well formed.
public struct SVGElement: Hashable, Sendable {
  /// What is in an element.
  public enum Child: Hashable, Sendable {
    /// Another element.
    case element(SVGElement)
    /// Text, written with its special characters escaped.
    case text(String)
    /// A style sheet of this library, written as it is.
    case style(String)
  }

  /// An attribute; its value is escaped when it is written.
  public struct Attribute: Hashable, Sendable {
    let name: String
    let value: String
  }

  let name: String
  private let attributes: [Attribute]
  private let children: [Child]

  /// Makes an element.
  ///
  /// - Parameters:
  ///   - name: the element's name.
  ///   - attributes: in the order in which they are written; coordinates are rounded to hundredths.
  ///   - children: what is in it.
  public init(_ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:], _ children: [Child] = []) {
    self.name = name
    self.attributes = attributes.map { Attribute(name: $0.key, value: $0.value.attributeText) }
    self.children = children
  }

  /// Makes an element that holds a text.
  public init(_ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:], text: String) {
    self.init(name, attributes, [.text(text)])
  }

  /// Makes an element that holds others.
  public init(
    _ name: String, _ attributes: KeyValuePairs<String, any AttributeValue> = [:], elements: [SVGElement]
  ) {
    self.init(name, attributes, elements.map { .element($0) })
  }

  /// The element as text, one line an element; within `pre`, where lines would be seen, without any that the texts do not have.
  public var markup: String {
    var text = ""
    write(into: &text)
    return text
  }

  private func write(into text: inout String) {
    text += "<\(name)"
    for attribute in attributes { text += " \(attribute.name)=\"\(attribute.value.escapedForMarkup)\"" }
    guard !children.isEmpty else {
      text += "/>"
      return
    }
    text += ">"
    let separator = name == "pre" ? "" : "\n"
    for child in children {
      switch child {
      case .element(let element):
        text += separator
        element.write(into: &text)
      case .text(let string): text += string.escapedForMarkup
      case .style(let rules): text += rules
      }
    }
    if case .element = children.last { text += separator }
    text += "</\(name)>"
  }
}

/// What can be the value of an attribute.
public protocol AttributeValue {
  /// The value before it is escaped.
  var attributeText: String { get }
}

extension String: AttributeValue {
  /// The text itself.
  public var attributeText: String { self }
}

extension Int: AttributeValue {
  /// The number in decimal digits.
  public var attributeText: String { String(self) }
}

extension Double: AttributeValue {
  /// The number with at most two decimals.
  public var attributeText: String { NumberText.coordinate(self) }
}

extension String {
  /// The text as content or attribute value of XML and HTML. Characters that XML 1.0 does not allow become U+FFFD.
  public var escapedForMarkup: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "\t", "\n": text.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
        text += "\u{FFFD}"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
