<%@ page contentType="text/plain" trimDirectiveWhitespaces="true" %>
<% for (var names = request.getHeaderNames(); names.hasMoreElements();) {
     var name = names.nextElement();
     for (var values = request.getHeaders(name); values.hasMoreElements();) out.print(name + "=" + values.nextElement() + "\n");
   } %>
